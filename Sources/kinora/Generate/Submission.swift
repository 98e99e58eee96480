import CCurl
import KinoraModel

/// Hands a request to the daemon exactly once: every try carries the same key.
struct Submission {
  let client: Client
  let signals: Signals
  let display: JobDisplay
  let fields: GenerationFields
  let key: String

  /// The job that the daemon made, or has made already for this key.
  func run() throws(Failure) -> Job {
    var request = Request.post("/v1/videos", fields.body)
    request.headers = ["Idempotency-Key: \(key)"]
    var awaySince: Milliseconds?
    while true {
      let reason: Failure
      do throws(Failure) {
        let answer = try client.exchange(request, signals: signals)
        if answer.isSuccess, let json = answer.json { return Job(json: json) }
        reason = Problem.failure(answer)
        guard reason.code == "draining" || reason.code == "unavailable" else { throw reason }
      } catch {
        guard error.exit == .unreachable else { throw error }
        try pause(&awaySince, error)
        continue
      }
      try pause(&awaySince, reason)
    }
  }

  private func pause(_ awaySince: inout Milliseconds?, _ reason: Failure) throws(Failure) {
    if awaySince == nil {
      display.say("kinora: the daemon is away; trying again for a minute, with the same key")
    }
    let since = awaySince ?? Now.steady
    awaySince = since
    if Now.steady - since > Follower.patience {
      var reason = reason
      reason.todo.append("the same request again, never paid twice: --idempotency-key \(key)")
      throw reason
    }
    try signals.wait(500)
  }
}
