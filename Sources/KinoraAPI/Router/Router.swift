import KinoraHTTP
import KinoraModel

/// Finds what answers a request.
enum Router {
  /// A route with the values of its places.
  struct Match {
    var route: Route
    /// Its place in `Routes.all`, for counters.
    var number: Int
    var endpoint: Route.Endpoint
    var values: [String]
  }

  /// Why there is no match.
  enum Failure: Error {
    case noSuchPath(KinoraError)
    /// The path is right, the method is not; `allow` is what the Allow field has to say.
    case noSuchMethod(KinoraError, allow: String)
  }

  /// Methods that mean something to this server. At a path without them they are 405; any other is
  /// 501 (RFC 9110 §9.1).
  private static let methods: Set = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY",
  ]

  static func match(_ request: HTTPRequest) throws(Failure) -> Match {
    guard let segments = request.segments ?? modelSegments(request.path) else {
      throw missing(request)
    }
    for (number, route) in Routes.all.enumerated() {
      guard let values = route.match(segments) else { continue }
      guard let endpoint = route.endpoint(request.method) else {
        guard methods.contains(request.method) else {
          throw .noSuchPath(
            KinoraError(.notSupported, "\(request.method) is no method that is known here"))
        }
        throw .noSuchMethod(
          KinoraError(
            .methodNotAllowed, "\(request.method) does not fit \(route.template)",
            allowed: route.allow.split(separator: ", ").map(String.init)), allow: route.allow)
      }
      return Match(route: route, number: number, endpoint: endpoint, values: values)
    }
    throw missing(request)
  }

  /// The segments of `/v1/models/ID` whose id has its slashes encoded, as the official OpenAI clients
  /// send it. Anywhere else a hidden slash is refused.
  private static func modelSegments(_ path: String) -> [String]? {
    let prefix = "/v1/models/"
    guard path.hasPrefix(prefix), let id = PercentCoding.decode(path.dropFirst(prefix.count)) else {
      return nil
    }
    let parts = id.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    return parts.contains(where: { $0 == "." || $0 == ".." }) ? nil : ["v1", "models"] + parts
  }

  private static func missing(_ request: HTTPRequest) -> Failure {
    let near = Spelling.nearest(request.path, in: Routes.all.map(\.template))
    let hint = near.first.map { "; did you mean \($0)?" } ?? ""
    return .noSuchPath(
      KinoraError(.notFound, "there is no path \(request.path.prefix(200))\(hint)"))
  }
}
