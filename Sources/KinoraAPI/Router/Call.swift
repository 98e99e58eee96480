import KinoraCore
import KinoraHTTP
import KinoraModel

/// One request on its way through a door.
struct Call: Sendable {
  var request: HTTPRequest
  /// Who asks; for open paths a viewer that sees nothing.
  var viewer: Viewer
  /// The values in the path, decoded.
  var values: [String]
  /// `req_…`.
  var requestID: String
  /// The route's place in `Routes.all`; -1 where there was none.
  var route: Int
  /// How the door words errors; nil for the native way.
  var dialect: Dialect?

  /// The job that the path names.
  var job: JobID { JobID(rawValue: values.first ?? "") }

  /// The query, decoded. Throws `badField` for one that is badly encoded or has names that are not
  /// in `known`; `metadata[…]` is known where `metadata[` is.
  func query(_ known: [String]) throws(KinoraError) -> HTTPQuery {
    guard let query = HTTPQuery(request.query) else {
      throw KinoraError(.badField, "the query is badly encoded or has over 100 parameters")
    }
    for item in query.items {
      if known.contains(item.name) { continue }
      if known.contains("metadata["), item.name.hasPrefix("metadata["), item.name.hasSuffix("]") {
        continue
      }
      let near = Spelling.nearest(item.name, in: known).first.map { "; did you mean \($0)?" } ?? ""
      throw KinoraError(
        .unknownField, "the parameter \(item.name.prefix(80)) is not known here\(near)",
        field: item.name, allowed: known.map { $0 == "metadata[" ? "metadata[KEY]" : $0 })
    }
    return query
  }

  /// A whole number of the query. Throws `badField` for anything outside of `range`.
  static func number(
    _ query: HTTPQuery, _ name: String, in range: ClosedRange<Int>
  ) throws(KinoraError) -> Int? {
    guard let text = query[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw KinoraError(
        .badField, "\(name) must be \(range.lowerBound) to \(range.upperBound)", field: name,
        allowed: ["\(range.lowerBound)…\(range.upperBound)"])
    }
    return value
  }
}
