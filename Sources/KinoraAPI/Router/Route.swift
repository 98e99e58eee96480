import KinoraHTTP

/// One path and what answers each method there.
package struct Route: Sendable {
  /// Who may come in.
  enum Access: Sendable {
    /// Anybody, unknown or not: health checks.
    case open
    /// Whoever is known.
    case known
    /// Uid 0, the daemon's own uid, and clients with the scope admin.
    case admin
  }

  /// What a request's body may be.
  enum Body: Sendable {
    /// It is read and ignored.
    case ignored
    /// Small JSON.
    case json
    /// JSON or form data with media in it.
    case upload
  }

  /// What answers one method.
  package struct Endpoint: Sendable {
    package var method: String
    var access: Access
    var body: Body
    var answer: @Sendable (APIService, Call) -> HTTPReply
  }

  /// The path as it is documented: `/v1/videos/{id}/content`.
  package let template: String
  package let endpoints: [Endpoint]
  /// How errors are worded here; nil for the native way.
  private(set) var dialect: Dialect?
  private let parts: [Part]

  private enum Part: Sendable {
    case literal(String)
    /// One segment of any text.
    case one
    /// One or more segments: `{id...}`.
    case rest
  }

  init(_ template: String, _ endpoints: Endpoint...) {
    self.template = template
    self.endpoints = endpoints
    parts = template.dropFirst().split(separator: "/").map { part in
      if part.hasSuffix("...}") { return .rest }
      return part.hasPrefix("{") ? .one : .literal(String(part))
    }
  }

  /// The same route with a dialect of its own.
  func speaking(_ dialect: Dialect) -> Route {
    var route = self
    route.dialect = dialect
    return route
  }

  /// The values in the template's places, or nil when the path is another.
  func match(_ segments: [String]) -> [String]? {
    if parts.isEmpty { return segments == [""] ? [] : nil }
    var values: [String] = []
    for (at, part) in parts.enumerated() {
      guard at < segments.count, !segments[at].isEmpty else { return nil }
      switch part {
      case .literal(let text): if segments[at] != text { return nil }
      case .one: values.append(segments[at])
      case .rest:
        values.append(segments[at...].joined(separator: "/"))
        return values
      }
    }
    return segments.count == parts.count ? values : nil
  }

  /// HEAD is what GET is, without the body; the server leaves that away.
  func endpoint(_ method: String) -> Endpoint? {
    let name = method == "HEAD" ? "GET" : method
    return endpoints.first { $0.method == name }
  }

  /// The value of an `Allow` field.
  var allow: String {
    let own = endpoints.map { $0.method == "GET" ? "GET, HEAD" : $0.method }
    return (own + ["OPTIONS"]).joined(separator: ", ")
  }
}

extension Route.Endpoint {
  static func get(
    _ access: Route.Access = .known, _ answer: @escaping @Sendable (APIService, Call) -> HTTPReply
  ) -> Self { Self(method: "GET", access: access, body: .ignored, answer: answer) }

  static func post(
    _ access: Route.Access = .known, _ body: Route.Body = .ignored,
    _ answer: @escaping @Sendable (APIService, Call) -> HTTPReply
  ) -> Self { Self(method: "POST", access: access, body: body, answer: answer) }

  /// JSON that changes what is there.
  static func put(
    _ answer: @escaping @Sendable (APIService, Call) -> HTTPReply
  ) -> Self { Self(method: "PUT", access: .known, body: .json, answer: answer) }

  static func delete(
    _ answer: @escaping @Sendable (APIService, Call) -> HTTPReply
  ) -> Self { Self(method: "DELETE", access: .known, body: .ignored, answer: answer) }
}
