import KinoraHTTP
import KinoraModel

/// `/livez` and `/readyz`.
extension APIService {
  /// That it answers is the proof that the loop turns.
  func livez(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in Answer.text("ok\n") }
  }

  func readyz(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["verbose"])
      let checks = await admin.readiness()
      let isReady = !checks.contains { $0.problem != nil }
      var text = ""
      if query["verbose"] != nil {
        for check in checks {
          text += check.problem.map { "[-]\(check.name) \($0)\n" } ?? "[+]\(check.name) ok\n"
        }
      }
      text += isReady ? "ok\n" : "not ready\n"
      var response = Answer.text(text)
      if !isReady { response.status = 503 }
      return response
    }
  }
}
