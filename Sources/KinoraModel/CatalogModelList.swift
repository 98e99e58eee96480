/// A provider's own answer to which models a key may use: a free GET, and where the ids stand in it.
///
/// ```json
/// "model_list":{"path":"/models","headers":["authorization: Bearer {{credential:api_key}}"],
///               "list":"data","id":"id","prefix":""}
/// ```
public struct CatalogModelList: Sendable, Equatable {
  /// Under the base URL.
  public var path: String
  /// Fields of the request; values may hold placeholders.
  public var headers: [(name: String, value: String)]
  /// The member with the list.
  public var list: String
  /// The member of an item with the model's id.
  public var id: String
  /// What stands before each id.
  public var prefix: String

  public static func == (a: CatalogModelList, b: CatalogModelList) -> Bool {
    (a.path, a.list, a.id, a.prefix) == (b.path, b.list, b.id, b.prefix)
      && a.headers.map(\.name) == b.headers.map(\.name)
      && a.headers.map(\.value) == b.headers.map(\.value)
  }

  /// The ids in an answer; nil where it is not of this form.
  public func ids(_ answer: JSON) -> Set<String>? {
    guard let items = answer[list]?.array else { return nil }
    return Set(
      items.compactMap { item in
        item[id]?.string.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
      })
  }

  /// Throws `configuration` with the member's path as field.
  init(_ json: CatalogReader) throws(KinoraError) {
    try json.only(["path", "headers", "list", "id", "prefix"])
    path = try json.required("path")
    list = try json.required("list")
    id = try json.required("id")
    prefix = try json.string("prefix") ?? ""
    headers = []
    for line in try json.strings("headers") {
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
        throw json.error("headers", "\(line) must be name: value")
      }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers.append((String(line[..<colon]), String(value)))
    }
    guard path.hasPrefix("/") else { throw json.error("path", "must begin with /") }
  }
}
