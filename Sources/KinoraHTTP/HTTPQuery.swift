/// A query as forms write it: `a=1&b=x+y`.
public struct HTTPQuery: Sendable, Equatable {
  /// One name and its value; a name without `=` has an empty one.
  public struct Item: Sendable, Equatable {
    /// Decoded.
    public let name: String
    /// Decoded.
    public let value: String
  }

  /// The items in the order they were sent.
  public let items: [Item]

  /// Parses what follows `?`; nil gives no items. Nil for bad percent-encoding and for more than
  /// `limit` items.
  public init?(_ text: String?, limit: Int = 100) {
    var items: [Item] = []
    for pair in (text ?? "").split(separator: "&") {
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentCoding.decode(halves[0], plusIsBlank: true),
        let value = PercentCoding.decode(halves.count > 1 ? halves[1] : "", plusIsBlank: true),
        items.count < limit
      else { return nil }
      items.append(Item(name: name, value: value))
    }
    self.items = items
  }

  /// The first value of `name`.
  public subscript(name: String) -> String? { items.first { $0.name == name }?.value }

  /// All values of `name`.
  public func values(_ name: String) -> [String] {
    items.filter { $0.name == name }.map(\.value)
  }
}
