import KinoraModel

/// The daemon's refusals, in words for a person and a number for a script.
enum Problem {
  /// The failure for an answer that is not a success.
  static func failure(_ answer: Answer) -> Failure {
    guard let json = answer.json, let code = json["error"]?["code"]?.string else {
      return Failure(
        exit: exit(status: answer.status, code: ""),
        what: "the daemon answered with status \(answer.status) and no reason")
    }
    let detail = json["detail"]?.string ?? json["error"]?["message"]?.string ?? code
    var todo: [String] = []
    for item in json["errors"]?.array ?? [] {
      let pointer = item["pointer"]?.string ?? ""
      if let text = item["detail"]?.string, text != detail { todo.append("\(pointer) \(text)") }
      let allowed = (item["allowed"]?.array ?? []).map { $0.string ?? $0.text }
      if !allowed.isEmpty { todo.append("allowed: \(allowed.joined(separator: ", "))") }
    }
    if let words = json["provider_error"]?.string { todo.append("the provider says: \(words)") }
    if let advice = advice(code, detail) { todo.append(advice) }
    return Failure(
      exit: exit(status: answer.status, code: code), what: Words.line(detail),
      todo: todo.map(Words.line), requestID: json["request_id"]?.string, code: code)
  }

  /// Codes first, then statuses, so that a code that is new still ends with a sensible number.
  static func exit(status: Int, code: String) -> Exit {
    switch code {
    case "held_for_review": return .held
    case "not_ready": return .stillRunning
    case "provider_unavailable": return .jobFailed
    case "artifact_expired": return .notFound
    case "credential_missing", "configuration": return .configuration
    default: break
    }
    return switch status {
    case 401, 403: .notAllowed
    case 402, 429: .budget
    case 404: .notFound
    case 400, 405, 409, 410, 413, 422: .usage
    case 503: .unreachable
    default: .jobFailed
    }
  }

  private static func advice(_ code: String, _ detail: String) -> String? {
    switch code {
    case "model_unknown", "model_retired": "see: kinora models"
    case "model_unpriced": "say what it may cost: --max-cost USD"
    case "max_cost_exceeded": "ask for less, or raise --max-cost"
    case "budget_exceeded": "see: kinora usage"
    case "quota_exceeded": "see: kinora quota show TENANT --user USER"
    case "queue_full": "see what waits: kinora jobs --status queued"
    case "credential_missing": "see: kinora providers"
    case "idempotency_conflict": "that --idempotency-key belongs to another request"
    case "not_ready": "wait for it: kinora watch ID"
    case "forbidden": "who runs the daemon can allow it: clients: in its configuration, or root"
    case "not_found" where detail.hasPrefix("there is no job"): "see: kinora jobs"
    case "not_found" where detail.hasPrefix("there is no model"): "see: kinora models"
    case "not_found" where detail.hasPrefix("there is no provider"): "see: kinora providers"
    case "draining": "the daemon is stopping or starting; try again"
    case "storage_full", "unavailable": "see: kinora doctor"
    default: nil
    }
  }
}
