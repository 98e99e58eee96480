/// The entity tags of If-Match or If-None-Match (RFC 9110 §8.8.3): `"a", W/"b,c"` or `*`.
struct EntityTags {
  private let items: [String]

  /// The members of all fields of that name.
  init(_ values: [String]) { items = values.flatMap(Self.members) }

  /// Whether `tag`, with its quotes, is among them. `*` stands for anything there is.
  func contain(_ tag: String?, weakly: Bool) -> Bool {
    items.contains { item in
      if item == "*" { return true }
      guard let tag else { return false }
      return item == tag || (weakly && item == "W/" + tag)
    }
  }

  /// A comma inside quotes does not part them.
  private static func members(_ value: String) -> [String] {
    var items: [String] = []
    var item: [UInt8] = []
    var quoted = false
    for byte in value.utf8 {
      if byte == UInt8(ascii: "\"") { quoted.toggle() }
      if byte == UInt8(ascii: ","), !quoted {
        items.append(String(decoding: item, as: UTF8.self))
        item = []
      } else if quoted || (byte != 0x20 && byte != 0x09) {
        item.append(byte)
      }
    }
    items.append(String(decoding: item, as: UTF8.self))
    return items
  }
}
