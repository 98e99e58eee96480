import KinoraModel

/// The rest of a JSON answer after its long strings were lifted out.
enum LiftedText {
  /// The text with `""` in the place of every placeholder, and the spools with the JSON pointers
  /// (RFC 6901) of the strings they stand for. Text that is no JSON keeps spools without pointers:
  /// whoever asked will say what is wrong with it.
  static func resolve(
    _ text: [UInt8], _ lifter: JSONLifter, _ spools: [ProviderResponse.Spool]
  ) -> ([UInt8], [ProviderResponse.Spool]) {
    guard !spools.isEmpty else { return (text, spools) }
    var spools = spools
    var rest = text[...]
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    for index in spools.indices {
      let mark = Array("\"\(lifter.placeholder(index))\"".utf8)
      guard let at = firstRange(of: mark, in: rest) else { break }
      out += rest[..<at.lowerBound]
      out += "\"\"".utf8
      rest = rest[at.upperBound...]
    }
    out += rest
    if let json = try? JSON.parse(text) {
      var path: [String] = []
      walk(json, &path) { word, path in
        guard let index = lifter.index(of: word), spools.indices.contains(index) else { return }
        spools[index].pointer = path.map { "/" + escaped($0) }.joined()
      }
    }
    return (out, spools)
  }

  private static func walk(
    _ json: JSON, _ path: inout [String], _ visit: (String, [String]) -> Void
  ) {
    switch json {
    case .string(let word): visit(word, path)
    case .array(let items):
      for (i, item) in items.enumerated() {
        path.append(String(i))
        walk(item, &path, visit)
        path.removeLast()
      }
    case .object(let members):
      for member in members {
        path.append(member.key)
        walk(member.value, &path, visit)
        path.removeLast()
      }
    default: break
    }
  }

  private static func escaped(_ token: String) -> String {
    token.utf8.contains { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }
      ? token.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
        .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
      : token
  }

  private static func firstRange(
    of needle: [UInt8], in text: ArraySlice<UInt8>
  ) -> Range<Int>? {
    guard let first = needle.first else { return nil }
    var at = text.startIndex
    while let hit = text[at...].firstIndex(of: first) {
      if text[hit...].starts(with: needle) { return hit..<(hit + needle.count) }
      at = hit + 1
    }
    return nil
  }
}
