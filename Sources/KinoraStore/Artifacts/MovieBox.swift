/// The content of `moov` (ISO/IEC 14496-12, 8.2 and following).
struct MovieBox {
  struct Video: Equatable {
    var width: Int?
    var height: Int?
    var codec: String?
  }

  private(set) var durationMilliseconds: Int64?
  private(set) var video: Video?
  private var sampleBytes: UInt64 = 0
  private var lastChunk: UInt64 = 0

  /// Reads the box's body; `mediaBytes` is what the file's `mdat` boxes hold.
  init(_ bytes: [UInt8], mediaBytes: UInt64, fileBytes: UInt64) throws(Damage) {
    var tracks = 0
    for box in try Self.boxes(bytes, 0..<bytes.count) {
      switch box.type {
      case "mvhd": readDuration(bytes, box.body)
      case "mvex": try readFragments(bytes, box.body)
      case "trak":
        tracks += 1
        try readTrack(bytes, box.body)
      default: break
      }
    }
    guard tracks > 0 else { throw Damage("its moov box names no track") }
    guard sampleBytes <= mediaBytes else {
      throw Damage("cut off: its samples need \(sampleBytes) bytes, mdat has \(mediaBytes)")
    }
    guard lastChunk < fileBytes else {
      throw Damage("cut off: a chunk begins at \(lastChunk), the file has \(fileBytes) bytes")
    }
  }

  private typealias Box = (type: String, body: Range<Int>)

  private static func boxes(_ bytes: [UInt8], _ range: Range<Int>) throws(Damage) -> [Box] {
    var found: [Box] = []
    var at = range.lowerBound
    // QuickTime ends some lists with four zero bytes.
    while range.upperBound - at >= 8 {
      guard let short = bytes.big(at, 4), let type = bytes.tag(at + 4) else { break }
      var size = short
      var header = 8
      if short == 1 {
        size = bytes.big(at + 8, 8) ?? 0
        header = 16
      } else if short == 0 {
        size = UInt64(range.upperBound - at)
      }
      guard size >= UInt64(header), size <= UInt64(range.upperBound - at) else {
        throw Damage("the box \(type) in its moov does not fit")
      }
      found.append((type, at + header..<at + Int(size)))
      at += Int(size)
    }
    return found
  }

  // version 1 has 64-bit times.
  private static func isLong(_ bytes: [UInt8], _ body: Range<Int>) -> Bool {
    bytes.big(body.lowerBound, 1) == 1
  }

  private var timescale: UInt64 = 0

  private mutating func readDuration(_ bytes: [UInt8], _ body: Range<Int>) {
    let start = body.lowerBound
    let isLong = Self.isLong(bytes, body)
    timescale = bytes.big(start + (isLong ? 20 : 12), 4) ?? 0
    let units = bytes.big(start + (isLong ? 24 : 16), isLong ? 8 : 4)
    // All ones say that it is not known (ISO/IEC 14496-12, 8.2.2).
    if units != UInt64(UInt32.max) || isLong { setDuration(units) }
  }

  // The length of a fragmented file stands in mehd, if anywhere.
  private mutating func readFragments(_ bytes: [UInt8], _ body: Range<Int>) throws(Damage) {
    for box in try Self.boxes(bytes, body) where box.type == "mehd" {
      setDuration(bytes.big(box.body.lowerBound + 4, Self.isLong(bytes, box.body) ? 8 : 4))
    }
  }

  private mutating func setDuration(_ units: UInt64?) {
    guard let units, units > 0, timescale > 0, units < 1 << 48 else { return }
    durationMilliseconds = Int64((units * 1000 + timescale / 2) / timescale)
  }

  private mutating func readTrack(_ bytes: [UInt8], _ body: Range<Int>) throws(Damage) {
    var shown = Video()
    var isVideo = false
    for box in try Self.boxes(bytes, body) {
      if box.type == "tkhd" {
        let sizes = box.body.lowerBound + (Self.isLong(bytes, box.body) ? 88 : 76)
        shown.width = Self.pixels(bytes.big(sizes, 4).map { $0 >> 16 })
        shown.height = Self.pixels(bytes.big(sizes + 4, 4).map { $0 >> 16 })
      }
      guard box.type == "mdia" else { continue }
      for inner in try Self.boxes(bytes, box.body) {
        if inner.type == "hdlr" { isVideo = bytes.tag(inner.body.lowerBound + 8) == "vide" }
        guard inner.type == "minf" else { continue }
        for table in try Self.boxes(bytes, inner.body) where table.type == "stbl" {
          try readSamples(bytes, table.body, &shown, isVideo: isVideo)
        }
      }
    }
    if isVideo && video == nil { video = shown }
  }

  private mutating func readSamples(
    _ bytes: [UInt8], _ body: Range<Int>, _ shown: inout Video, isVideo: Bool
  ) throws(Damage) {
    for box in try Self.boxes(bytes, body) {
      let start = box.body.lowerBound
      switch box.type {
      case "stsd" where isVideo:
        shown.codec = bytes.tag(start + 12).map(Self.codec)
        // The sample entry has the coded size; tkhd has the shown one, and 0 in some files.
        if shown.width == nil || shown.height == nil {
          shown.width = Self.pixels(bytes.big(start + 40, 2))
          shown.height = Self.pixels(bytes.big(start + 42, 2))
        }
      case "stsz":
        let each = bytes.big(start + 4, 4) ?? 0
        let count = Int(bytes.big(start + 8, 4) ?? 0)
        if each > 0 {
          try addSamples(each.multipliedReportingOverflow(by: UInt64(count)))
        } else {
          guard count <= (box.body.count - 12) / 4 else { throw Damage("its table of sizes") }
          var sum: UInt64 = 0
          for i in 0..<count { sum += bytes.big(start + 12 + 4 * i, 4) ?? 0 }
          try addSamples((sum, false))
        }
      case "stco", "co64":
        let width = box.type == "stco" ? 4 : 8
        let count = Int(bytes.big(start + 4, 4) ?? 0)
        guard count <= (box.body.count - 8) / width else { throw Damage("its table of chunks") }
        for i in 0..<count {
          lastChunk = max(lastChunk, bytes.big(start + 8 + width * i, width) ?? 0)
        }
      default: break
      }
    }
  }

  private mutating func addSamples(
    _ more: (partialValue: UInt64, overflow: Bool)
  ) throws(Damage) {
    let sum = sampleBytes.addingReportingOverflow(more.partialValue)
    guard !more.overflow, !sum.overflow else { throw Damage("its table of sizes") }
    sampleBytes = sum.partialValue
  }

  private static func pixels(_ value: UInt64?) -> Int? {
    guard let value, value > 0 else { return nil }
    return Int(value)
  }

  private static func codec(_ entry: String) -> String {
    switch entry {
    case "avc1", "avc3": "h264"
    case "hvc1", "hev1": "hevc"
    case "av01": "av1"
    case "vp09": "vp9"
    case "mp4v": "mpeg4"
    default: entry
    }
  }
}
