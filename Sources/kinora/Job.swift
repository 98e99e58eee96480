import KinoraModel

/// A job as the daemon describes it.
struct Job {
  let json: JSON

  private var kinora: JSON { json["kinora"] ?? .null }

  var id: String { json["id"]?.string ?? "" }
  var model: String { json["model"]?.string ?? "" }
  var prompt: String { json["prompt"]?.string ?? "" }
  /// The exact word; the outward one where a stranger's daemon has no other.
  var state: String { kinora["state"]?.string ?? json["status"]?.string ?? "unknown" }
  var isCompleted: Bool { json["status"]?.string == "completed" }
  /// True where nothing more happens without somebody's doing.
  var isOver: Bool { isCompleted || json["status"]?.string == "failed" }
  /// What the provider said, in percent; nil when it said nothing.
  var percent: Int64? {
    guard !isOver, let value = json["progress"]?.integer, value > 0 else { return nil }
    return value
  }
  /// A guess from finished jobs of its model, where the provider tells no figure.
  func estimate(now: Milliseconds) -> Estimate? {
    guard percent == nil, ["submitted", "running"].contains(state),
      let half = kinora["typical_seconds"]?["half"]?.integer,
      let most = kinora["typical_seconds"]?["most"]?.integer,
      let since = kinora["submitted"]?.string.flatMap({ UTC.parse($0) })
    else { return nil }
    return Estimate(TypicalTime(median: half * 1000, most: most * 1000), elapsed: now - since)
  }
  var note: String? { kinora["note"]?.string }
  var errorCode: String? { json["error"]?["code"]?.string }
  var errorMessage: String? { json["error"]?["message"]?.string }
  var providerError: String? {
    guard let value = kinora["provider_error"], !value.isNull else { return nil }
    return value.string ?? value["message"]?.string ?? value.text
  }
  var artifacts: [JSON] { kinora["artifacts"]?.array ?? [] }

  /// Seconds from its acceptance to its end, or till now.
  func seconds(now: Milliseconds) -> Int64 {
    let begin =
      kinora["created"]?.string.flatMap { UTC.parse($0) }
      ?? (json["created_at"]?.integer ?? now / 1000) * 1000
    let end = kinora["ended"]?.string.flatMap { UTC.parse($0) } ?? now
    return max(0, (end - begin) / 1000)
  }

  /// Seconds since its acceptance.
  func age(now: Milliseconds) -> Int64 {
    (now - (json["created_at"]?.integer ?? now / 1000) * 1000) / 1000
  }

  /// What it cost, or what is put aside for it, marked `~`.
  var cost: String {
    let cost = kinora["cost"] ?? .null
    if let settled = cost["settled_microusd"]?.integer { return MicroUSD(settled).dollars }
    // What a job without a result had put aside was given back.
    if isOver, state != "held" { return "-" }
    let open = cost["reserved_microusd"]?.integer ?? cost["quoted_microusd"]?.integer
    return open.map { "~\(MicroUSD($0).dollars)" } ?? "-"
  }

  /// How a command ends that waited for this job.
  var exit: Exit {
    if isCompleted { return .done }
    return state == "held" || errorCode == "held_for_review" ? .held : .jobFailed
  }

  /// What went wrong and what to do, for a job that is over without a result.
  func failure(_ invocation: Invocation) -> Failure {
    let reason = errorMessage ?? errorCode ?? state
    var todo: [String] = []
    if let providerError, providerError != reason {
      todo.append("the provider says: \(providerError)")
    }
    // What to do with a held job is in its own words.
    todo.append("see: \(invocation.suggestion("show \(id)"))")
    return Failure(
      exit: exit, what: "\(id) \(state): \(Words.line(reason))", todo: todo.map(Words.line),
      code: errorCode)
  }
}
