import KinoraHTTP
import KinoraModel

/// The answers of an operation: its own, and one for each status that the error table gives to what
/// it may be refused for.
enum ContractAnswers {
  static func json(_ operation: Operation, route: Route, _ endpoint: Route.Endpoint) -> JSON {
    var members = operation.successes.map { success in
      var told = success
      // What makes jobs may be refused for a full queue, and tells the limits.
      if operation.errors.contains(.queueFull), success.fields.contains("RateLimit") == false {
        told.fields += ["RateLimit", "RateLimit-Policy"]
      }
      return JSONMember(String(success.status), json(told))
    }
    var byStatus: [Int: [KinoraError.Code]] = [:]
    for code in codes(operation, route, endpoint) {
      let status = ErrorTable.row(code).status
      if byStatus[status]?.contains(code) != true { byStatus[status, default: []].append(code) }
    }
    for (status, codes) in byStatus.sorted(by: { $0.key < $1.key }) {
      let words = String(status)
      guard !members.contains(where: { $0.key == words }) else { continue }
      members.append(JSONMember(words, refusal(status, codes, route)))
    }
    return .object(members)
  }

  /// Every fact that it may be refused for: its own, and those that follow from what it is.
  private static func codes(
    _ operation: Operation, _ route: Route, _ endpoint: Route.Endpoint
  ) -> [KinoraError.Code] {
    var codes: [KinoraError.Code] = [.malformedRequest, .uriTooLong, .headersTooLarge]
    if endpoint.access != .open { codes += [.unauthenticated, .forbidden] }
    if operation.parameters.contains(where: { $0.place != "path" }) {
      codes += [.badField, .unknownField]
    }
    if route.template.contains("{") { codes.append(.notFound) }
    if ["POST", "PUT"].contains(endpoint.method) { codes += [.tooLarge, .draining] }
    if endpoint.body != .ignored {
      codes += [.malformedBody, .badField, .unknownField, .tooLarge, .unsupportedMediaType]
    }
    return codes + operation.errors
  }

  private static func json(_ success: Operation.Success) -> JSON {
    var members = [JSONMember("description", .string(success.about))]
    if !success.fields.isEmpty {
      members.append(JSONMember("headers", fields(success.fields)))
    }
    let content = success.content.map { type, schema in
      JSONMember(type, ["schema": ContractSchemas.schema(schema)])
    }
    if !content.isEmpty { members.append(JSONMember("content", .object(content))) }
    return .object(members)
  }

  /// Where a route has a dialect of its own, the words of the body are that dialect's.
  private static func refusal(
    _ status: Int, _ codes: [KinoraError.Code], _ route: Route
  ) -> JSON {
    let words = codes.map(\.rawValue).joined(separator: ", ")
    var content = [
      JSONMember("application/problem+json", ["schema": ContractSchemas.schema("Problem")])
    ]
    if route.dialect != nil {
      // Requests that no route was found for yet are answered in the native words.
      content.append(
        JSONMember("application/json", ["schema": ContractSchemas.schema("Anything")]))
    }
    var members = [
      JSONMember("description", .string(words)), JSONMember("content", .object(content)),
    ]
    if [429, 503, 507].contains(status) {
      members.append(JSONMember("headers", fields(["Retry-After"])))
    }
    return .object(members)
  }

  private static func fields(_ names: [String]) -> JSON {
    .object(
      names.map { name in
        let about = known[name] ?? ""
        let type: JSON = name == "Retry-After" ? "integer" : "string"
        return JSONMember(name, ["description": .string(about), "schema": ["type": type]])
      })
  }

  private static let known = [
    "ETag": "changes with the job",
    "Location": "the job's path",
    "Retry-After": "seconds",
    "Idempotent-Replayed": "true when the key had this answer already",
    "RateLimit": "what is left of each limit (draft-ietf-httpapi-ratelimit-headers-11)",
    "RateLimit-Policy": "the limits (draft-ietf-httpapi-ratelimit-headers-11)",
    "x-kinora-job": "the job's id",
  ]
}
