import KinoraModel

/// A still image: its size in pixels, and whether it reaches its own end.
struct ImageFile {
  private enum Kind { case png, jpeg, gif, webp }
  private let file: RandomAccess
  private let head: [UInt8]
  private let kind: Kind

  /// Nil when the bytes are no image that is known here.
  init?(_ file: RandomAccess, head: [UInt8]) {
    self.file = file
    self.head = head
    if head.big(0, 8) == 0x8950_4e47_0d0a_1a0a {
      kind = .png
    } else if head.big(0, 3) == 0xffd8ff {
      kind = .jpeg
    } else if head.begins("GIF87a") || head.begins("GIF89a") {
      kind = .gif
    } else if head.begins("RIFF"), head.begins("WEBP", at: 8) {
      kind = .webp
    } else {
      return nil
    }
  }

  func facts() throws(Damage) -> MediaFacts {
    switch kind {
    case .png: try png()
    case .jpeg: try jpeg()
    case .gif: try gif()
    case .webp: try webp()
    }
  }

  private func make(_ mime: String, _ width: UInt64?, _ height: UInt64?) throws(Damage)
    -> MediaFacts
  {
    guard let width, let height, width > 0, height > 0 else {
      throw Damage("cut off before its size")
    }
    var facts = MediaFacts(mime)
    facts.width = Int(width)
    facts.height = Int(height)
    return facts
  }

  // Chunks until IEND (PNG specification, 5.3).
  private func png() throws(Damage) -> MediaFacts {
    guard head.begins("IHDR", at: 12) else { throw Damage("a PNG without its header") }
    let facts = try make("image/png", head.big(16, 4), head.big(20, 4))
    var at: UInt64 = 8
    while let chunk = file.bytes(at, 8), let size = chunk.big(0, 4) {
      guard size <= file.length - at, file.length - at - size >= 12 else { break }
      if chunk.begins("IEND", at: 4) { return facts }
      at += size + 12
    }
    throw Damage("cut off: a PNG without its end (IEND)")
  }

  // Segments until the scan, whose size is in the frame header (ITU-T T.81, B.1 and B.2).
  private func jpeg() throws(Damage) -> MediaFacts {
    var facts: MediaFacts?
    var at: UInt64 = 2
    while let mark = file.bytes(at, 4), mark[0] == 0xff {
      if mark[1] == 0xff {
        at += 1
        continue
      }
      let length = mark.big(2, 2) ?? 0
      guard length >= 2 else { break }
      switch mark[1] {
      case 0xc0...0xcf where ![0xc4, 0xc8, 0xcc].contains(mark[1]):
        let frame = file.bytes(at + 5, 4)
        facts = try make("image/jpeg", frame?.big(2, 2), frame?.big(0, 2))
      case 0xda:
        guard let facts else { throw Damage("a JPEG without a frame header") }
        guard endsAfter(at) else { throw Damage("cut off: a JPEG without its end mark") }
        return facts
      default: break
      }
      at += 2 + length
    }
    throw Damage("cut off: a JPEG without image data")
  }

  // Cameras put more behind the end mark, but not much.
  private func endsAfter(_ scan: UInt64) -> Bool {
    guard let (offset, bytes) = file.last(1 << 16) else { return false }
    let start = offset >= scan ? 0 : Int(scan - offset)
    guard bytes.count - start >= 2 else { return false }
    for i in stride(from: bytes.count - 2, through: start, by: -1)
    where bytes[i] == 0xff && bytes[i + 1] == 0xd9 { return true }
    return false
  }

  private func gif() throws(Damage) -> MediaFacts {
    let facts = try make("image/gif", head.little(6, 2), head.little(8, 2))
    guard file.last(1)?.bytes == [0x3b] else { throw Damage("cut off: a GIF without its trailer") }
    return facts
  }

  // RIFF with one of three first chunks (developers.google.com/speed/webp/docs/riff_container).
  private func webp() throws(Damage) -> MediaFacts {
    guard let size = head.little(4, 4), size + 8 <= file.length else {
      throw Damage(
        "cut off: a WebP of \((head.little(4, 4) ?? 0) + 8) bytes, "
          + "\(file.length) are there")
    }
    switch head.tag(12) {
    case "VP8X":
      return try make(
        "image/webp", head.little(24, 3).map { $0 + 1 }, head.little(27, 3).map { $0 + 1 })
    case "VP8L":
      let bits = head.little(21, 4)
      return try make(
        "image/webp", bits.map { ($0 & 0x3fff) + 1 }, bits.map { ($0 >> 14 & 0x3fff) + 1 })
    case "VP8 ":
      return try make(
        "image/webp", head.little(26, 2).map { $0 & 0x3fff }, head.little(28, 2).map { $0 & 0x3fff }
      )
    default: throw Damage("a WebP without image data")
    }
  }
}
