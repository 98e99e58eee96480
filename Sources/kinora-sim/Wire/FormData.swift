/// The parts of a `multipart/form-data` body (RFC 7578), for bodies that are in memory anyway.
struct FormData {
  struct Part {
    var filename: String?
    var type: String?
    var bytes: [UInt8]
    var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  /// Names and parts in order; a name may come twice.
  private(set) var parts: [(name: String, part: Part)] = []

  /// Nil when it is none, or is cut.
  init?(_ body: [UInt8], type: String?) {
    guard let type, type.lowercased().hasPrefix("multipart/form-data"),
      let mark = type.split(separator: ";").map({ $0.drop(while: { $0 == " " }) })
        .first(where: { $0.hasPrefix("boundary=") })
    else { return nil }
    let boundary = mark.dropFirst(9).filter { $0 != "\"" }
    // Each delimiter but the first begins with the line end that closes the part before.
    let pieces = Self.split(Array("\r\n".utf8) + body, by: Array("\r\n--\(boundary)".utf8))
    guard pieces.count >= 2, pieces[0].isEmpty, pieces[pieces.count - 1].starts(with: "--".utf8)
    else { return nil }
    for piece in pieces.dropFirst().dropLast() {
      guard let gap = Self.find(Array("\r\n\r\n".utf8), in: piece, from: piece.startIndex) else {
        return nil
      }
      let head = String(decoding: piece[..<gap], as: UTF8.self)
      var part = Part(bytes: Array(piece[(gap + 4)...]))
      var name: String?
      for line in head.split(separator: "\r\n") {
        let lower = line.lowercased()
        if lower.hasPrefix("content-disposition:") {
          name = Self.parameter("name", line)
          part.filename = Self.parameter("filename", line)
        } else if lower.hasPrefix("content-type:") {
          part.type = String(line.dropFirst(13).drop(while: { $0 == " " }))
        }
      }
      guard let name else { return nil }
      parts.append((name, part))
    }
  }

  /// The text of a field without a file name.
  func text(_ name: String) -> String? {
    parts.first { $0.name == name && $0.part.filename == nil }?.part.text
  }

  /// All files of a field.
  func files(_ name: String) -> [Part] {
    parts.filter { $0.name == name && $0.part.filename != nil }.map(\.part)
  }

  private static func parameter(_ key: String, _ line: Substring) -> String? {
    for piece in line.split(separator: ";").dropFirst() {
      let pair = piece.drop(while: { $0 == " " })
      if pair.hasPrefix("\(key)=") { return pair.dropFirst(key.count + 1).filter { $0 != "\"" } }
    }
    return nil
  }

  private static func split(_ bytes: [UInt8], by mark: [UInt8]) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = bytes.startIndex
    while let at = find(mark, in: bytes[...], from: start) {
      pieces.append(bytes[start..<at])
      start = at + mark.count
    }
    pieces.append(bytes[start...])
    return pieces
  }

  private static func find(_ mark: [UInt8], in bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
    guard bytes.endIndex - start >= mark.count else { return nil }
    return (start...bytes.endIndex - mark.count).first { at in
      bytes[at] == mark[0] && bytes[at..<at + mark.count].elementsEqual(mark)
    }
  }
}
