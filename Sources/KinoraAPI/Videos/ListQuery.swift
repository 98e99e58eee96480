import KinoraHTTP
import KinoraModel

/// The query of `GET /v1/videos`.
enum ListQuery {
  private static let known = [
    "limit", "after", "order", "status", "provider", "metadata[",
  ]
  private static let orders = ["desc", "asc"]
  private static let outward = ["queued", "in_progress", "completed", "failed"]

  /// Throws `unknownField` or `badField`.
  static func read(_ call: Call) throws(KinoraError) -> JobQuery {
    let items = try call.query(known)
    var query = JobQuery()
    query.limit = try Call.number(items, "limit", in: 1...1000) ?? 20
    query.after = items["after"].map { JobID(rawValue: $0) }
    if let order = items["order"] {
      guard orders.contains(order) else {
        throw KinoraError(
          .badField, "order must be desc or asc", field: "order", allowed: orders)
      }
      query.ascending = order == "asc"
    }
    for text in items.values("status") { query.states += try states(text) }
    query.provider = items["provider"]
    for item in items.items where item.name.hasPrefix("metadata[") {
      query.metadata[String(item.name.dropFirst("metadata[".count).dropLast())] = item.value
    }
    return query
  }

  /// The states behind words, outward or exact. Where a word is both, the exact state it names is
  /// part of the outward one.
  private static func states(_ text: String) throws(KinoraError) -> [JobState] {
    var states: [JobState] = []
    for word in text.split(separator: ",").map(String.init) {
      let exact = JobState(rawValue: word)
      let all = JobState.allCases.filter { $0.outward == word || $0 == exact }
      guard !all.isEmpty else {
        let words = outward + JobState.allCases.map(\.rawValue).filter { !outward.contains($0) }
        let near = Spelling.nearest(word, in: words).first.map { "; did you mean \($0)?" } ?? ""
        throw KinoraError(
          .badField, "status: \(word.prefix(40)) is no state\(near)", field: "status",
          allowed: words)
      }
      states += all.filter { !states.contains($0) }
    }
    return states
  }
}
