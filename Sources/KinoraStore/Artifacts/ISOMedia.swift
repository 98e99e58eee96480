import KinoraModel

/// An MP4, MOV or HEIF file: a row of boxes (ISO/IEC 14496-12). The walk proves that the file is as
/// long as its boxes say, and reads size, length and codec from `moov`.
struct ISOMedia {
  /// A `moov` larger than this is not a clip's.
  private static let mostIndexBytes = 64 << 20

  private let file: RandomAccess
  private let brand: String
  private var boxes: [(type: String, body: UInt64, end: UInt64)] = []

  init(_ file: RandomAccess) throws(Damage) {
    self.file = file
    var at: UInt64 = 0
    while at < file.length {
      guard let head = file.bytes(at, Int(min(16, file.length - at))), let short = head.big(0, 4),
        let type = head.tag(4)
      else { throw Damage("\(file.length - at) stray bytes at its end") }
      var size = short
      var header: UInt64 = 8
      if short == 1 {
        guard let long = head.big(8, 8) else { throw Damage("cut off in the box \(type)") }
        size = long
        header = 16
      } else if short == 0 {
        size = file.length - at
      }
      guard size >= header else { throw Damage("the box \(type) says it has \(size) bytes") }
      guard size <= file.length - at else {
        throw Damage(
          "cut off: the box \(type) at \(at) has \(size) bytes, \(file.length - at) are there")
      }
      boxes.append((type, at + header, at + size))
      at += size
    }
    brand = file.bytes(8, 4).flatMap { $0.tag(0) } ?? ""
  }

  func facts() throws(Damage) -> MediaFacts {
    switch brand {
    case "avif", "avis": return MediaFacts("image/avif")
    case "heic", "heix", "mif1", "msf1": return MediaFacts("image/heic")
    default: break
    }
    guard let moov = boxes.first(where: { $0.type == "moov" }) else {
      throw Damage("no moov box: the file was not finished")
    }
    let media = boxes.filter { $0.type == "mdat" }.reduce(0) { $0 + ($1.end - $1.body) }
    guard media > 0 else { throw Damage("no media data (mdat)") }
    guard moov.end - moov.body <= UInt64(Self.mostIndexBytes),
      let bytes = file.bytes(moov.body, Int(moov.end - moov.body))
    else { throw Damage("its moov box has \(moov.end - moov.body) bytes") }
    let movie = try MovieBox(bytes, mediaBytes: media, fileBytes: file.length)
    var facts = MediaFacts(brand == "qt  " ? "video/quicktime" : "video/mp4")
    if let video = movie.video {
      facts.width = video.width
      facts.height = video.height
      facts.codec = video.codec
    } else {
      facts.mime = "audio/mp4"
    }
    facts.durationMilliseconds = movie.durationMilliseconds
    return facts
  }
}
