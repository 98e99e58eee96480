import KinoraModel

/// What a file is, by its own bytes.
struct MediaFacts: Equatable {
  /// `video/mp4` and the like; `application/octet-stream` when nothing is recognised.
  var mime: String
  var width: Int?
  var height: Int?
  var durationMilliseconds: Int64?
  var codec: String?

  init(_ mime: String) { self.mime = mime }

  /// `video`, `image`, `audio` or `application`.
  var medium: Substring { mime.prefix { $0 != "/" } }

  /// Looks at the file, and refuses one that is not whole.
  static func read(_ file: RandomAccess) throws(Damage) -> MediaFacts {
    guard file.length > 0 else { throw Damage("the file is empty") }
    guard let head = file.bytes(0, Int(min(64, file.length))) else {
      throw Damage("the file cannot be read")
    }
    if head.begins("ftyp", at: 4) { return try ISOMedia(file).facts() }
    if let image = try ImageFile(file, head: head)?.facts() { return image }
    return other(head)
  }

  // Containers that are kept as they are: their ends cannot be told from their beginnings.
  private static func other(_ head: [UInt8]) -> MediaFacts {
    if head.big(0, 4) == 0x1a45_dfa3 { return MediaFacts("video/webm") }
    if head.begins("RIFF"), head.begins("WAVE", at: 8) { return MediaFacts("audio/wav") }
    if head.begins("RIFF"), head.begins("AVI ", at: 8) { return MediaFacts("video/x-msvideo") }
    if head.begins("OggS") { return MediaFacts("audio/ogg") }
    if head.begins("fLaC") { return MediaFacts("audio/flac") }
    if head.begins("ID3") { return MediaFacts("audio/mpeg") }
    if head.count > 1, head[0] == 0xff, head[1] & 0xe6 == 0xe2 { return MediaFacts("audio/mpeg") }
    return MediaFacts(text(head) ?? "application/octet-stream")
  }

  // What a broken link usually gives instead of media; the word makes the refusal readable.
  private static func text(_ head: [UInt8]) -> String? {
    guard let first = head.first(where: { $0 > 0x20 }) else { return nil }
    if first == UInt8(ascii: "<") { return "text/html" }
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return "application/json" }
    return nil
  }
}

/// The file is of a known kind and not whole, or its parts contradict each other.
struct Damage: Error, Equatable {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}
