/// Weak entity tags of JSON answers (RFC 9110 §8.8.3).
enum EntityTag {
  /// A tag of these bytes: equal bytes, equal tags. 64 bits by FNV-1a, eight bytes a turn; no
  /// defence against somebody who makes his own job's two versions collide.
  static func of(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    bytes.withUnsafeBytes { raw in
      var at = 0
      while at + 8 <= raw.count {
        hash =
          (hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
          &* 0x100_0000_01b3
        hash ^= hash >> 29
        at += 8
      }
      while at < raw.count {
        hash = (hash ^ UInt64(raw[at])) &* 0x100_0000_01b3
        at += 1
      }
    }
    return "W/\"\(String(hash, radix: 36))\""
  }

  /// Whether an If-None-Match field names the tag, compared weakly.
  static func list(_ field: String, holds tag: String) -> Bool {
    let plain = tag.dropFirst(2)
    return field.split(separator: ",").contains { item in
      let item = item.drop { $0 == " " || $0 == "\t" }
      let value = item.hasPrefix("W/") ? item.dropFirst(2) : item
      let end = value.lastIndex(of: "\"").map { value[...$0] } ?? value
      return end == plain || value.first == "*"
    }
  }
}
