import KinoraHTTP
package import KinoraModel

/// The OpenAPI document (https://spec.openapis.org/oas/v3.1.1) of everything in `Routes.all`.
///
/// It is made from the routes themselves: a path that is served is in it, whatever anybody wrote
/// down; `operations` adds the words. Statuses of errors come from the one error table.
package enum Contract {
  /// Words for methods of routes. A route of which nothing is said is described by its template.
  package static let operations: [Operation] =
    videoOperations + tenantOperations + otherOperations + toolOperations
    + doorOperations

  /// The document's text, made once.
  static let bytes: [UInt8] = document.bytes

  package static let document: JSON = {
    var paths: [JSONMember] = []
    for route in Routes.all {
      let methods = route.endpoints.map { endpoint in
        JSONMember(endpoint.method.lowercased(), describe(route, endpoint))
      }
      paths.append(JSONMember(path(route.template), .object(methods)))
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Kinora", "version": .string(Version.current),
        "summary": "Makes videos through every provider, one daemon per host.",
        "description": .string(about),
        "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/", "description": "the host that this document came from"]],
      "tags": .array(
        ContractTags.all.map { ["name": .string($0.name), "description": .string($0.about)] }),
      "paths": .object(paths),
      "components": [
        "schemas": ContractSchemas.all,
        "securitySchemes": [
          "key": [
            "type": "http", "scheme": "bearer",
            "description": "On loopback TCP. On the Unix socket the kernel says who asks.",
          ]
        ],
      ],
    ]
  }()

  private static let about = """
    Answers to any request may also be 408 (too slow), 417, 421 (a Host that is not served), 505, \
    and 405 where the method does not fit. HEAD is what GET is, without the body. Every answer \
    carries x-request-id.
    """

  /// `{id...}` is one place that may hold slashes; OpenAPI has no word for that.
  package static func path(_ template: String) -> String { template.replacing("...}", with: "}") }

  /// The words for a method of a route; made of its template where nobody wrote any.
  static func operation(_ route: Route, _ endpoint: Route.Endpoint) -> Operation {
    let key = "\(endpoint.method) \(route.template)"
    if let known = operations.first(where: { $0.key == key }) { return known }
    let words = key.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    return Operation(
      key, words.joined(separator: "_").lowercased(), key,
      body: endpoint.body == .ignored ? nil : Operation.Body(schema: "Anything"),
      successes: [Operation.Success(about: "done", content: [("*/*", "Anything")])],
      errors: endpoint.body == .upload ? Operation.submission : [])
  }

  private static func describe(_ route: Route, _ endpoint: Route.Endpoint) -> JSON {
    let operation = operation(route, endpoint)
    var members: [JSONMember] = [
      JSONMember("operationId", .string(operation.id)),
      JSONMember("summary", .string(operation.summary)),
      JSONMember("description", .string(ContractTags.about(route, endpoint, operation))),
      JSONMember("tags", [.string(ContractTags.tag(route.template))]),
      JSONMember("security", endpoint.access == .open ? [] : [["key": []]]),
    ]
    let parameters = placeParameters(route, operation) + operation.parameters.map(json)
    if !parameters.isEmpty { members.append(JSONMember("parameters", .array(parameters))) }
    if let body = operation.body {
      members.append(JSONMember("requestBody", json(body, endpoint)))
    }
    members.append(
      JSONMember("responses", ContractAnswers.json(operation, route: route, endpoint)))
    return .object(members)
  }

  /// Places in the path that the operation does not speak of itself.
  private static func placeParameters(_ route: Route, _ operation: Operation) -> [JSON] {
    path(route.template).split(separator: "/").filter { $0.hasPrefix("{") }.compactMap { part in
      let name = String(part.dropFirst().dropLast())
      guard !operation.parameters.contains(where: { $0.name == name }) else { return nil }
      return [
        "name": .string(name), "in": "path", "required": true,
        "description": .string(ContractTags.places[name] ?? "which one"),
        "schema": ["type": "string", "minLength": 1],
      ]
    }
  }

  private static func json(_ parameter: Operation.Parameter) -> JSON {
    let json: JSON = [
      "name": .string(parameter.name), "in": .string(parameter.place),
      "required": .bool(parameter.place == "path"), "description": .string(parameter.about),
      "schema": ContractSchemas.schema(parameter.schema),
    ]
    return json
  }

  private static func json(_ body: Operation.Body, _ endpoint: Route.Endpoint) -> JSON {
    var content: JSON = ["schema": ContractSchemas.schema(body.schema)]
    if let example = body.example {
      content = content.setting("example", ContractSchemas.parsed(example))
    }
    var types = [JSONMember("application/json", content)]
    // In form data media are file parts and everything else is text.
    if body.isForm {
      types.append(
        JSONMember("multipart/form-data", ["schema": ContractSchemas.schema("VideoForm")]))
    }
    return ["required": .bool(body.isRequired), "content": .object(types)]
  }
}
