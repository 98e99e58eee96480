/// Looks at the first bytes of an input.
enum Picture {
  /// `image/png`, `image/jpeg`, `image/webp`, `video/mp4`; nil for anything else.
  static func mime(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return "image/png" }
    if bytes.starts(with: [0xff, 0xd8, 0xff]) { return "image/jpeg" }
    if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
      return "image/webp"
    }
    return bytes.dropFirst(4).starts(with: "ftyp".utf8) ? "video/mp4" : nil
  }

  /// True for base64 of a picture.
  static func isPicture(base64 text: String) -> Bool {
    Base64.decode(text).flatMap(mime)?.hasPrefix("image/") ?? false
  }
}
