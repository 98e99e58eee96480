import KinoraHTTP
package import KinoraModel

/// Places in JSON where a file's base64 goes. The JSON is made with short marks in their stead, which
/// no client can have guessed, and the files are put in while the answer is written.
package struct MediaHoles: Sendable {
  private let nonce: String
  private var files: [MediaText.MediaFile] = []

  /// - Parameter nonce: random letters and digits, new for each answer
  package init(nonce: String) { self.nonce = nonce }

  /// The mark for a file's base64.
  package mutating func base64(_ file: MediaText.MediaFile) -> String {
    files.append(file)
    return nonce + "."
  }

  /// A data URL with such a mark (RFC 2397).
  package mutating func dataURL(_ mime: String, _ file: MediaText.MediaFile) -> String {
    "data:\(mime);base64," + base64(file)
  }

  /// The JSON with the files in their places, which must stand in the order they were given out.
  package func filled(_ json: JSON, before: String = "", after: String = "") -> MediaText {
    var text = MediaText()
    if !before.isEmpty { text.text(before) }
    let mark = Array((nonce + ".").utf8)
    var rest = json.bytes[...]
    for file in files {
      guard let at = Self.find(mark, in: rest) else { break }
      text.bytes(Array(rest[..<at]))
      text.base64(file)
      rest = rest[(at + mark.count)...]
    }
    text.bytes(Array(rest))
    if !after.isEmpty { text.text(after) }
    return text
  }

  private static func find(_ mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = mark.first, bytes.count >= mark.count else { return nil }
    let last = bytes.endIndex - mark.count
    var at = bytes.startIndex
    while at <= last {
      guard let next = bytes[at...last].firstIndex(of: first) else { return nil }
      if bytes[next..<(next + mark.count)].elementsEqual(mark) { return next }
      at = next + 1
    }
    return nil
  }
}
