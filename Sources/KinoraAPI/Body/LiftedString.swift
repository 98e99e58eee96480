import KinoraModel

/// One long string of a JSON body: a data URL's base64 goes to a file, and so does text that is
/// nothing but base64, as some dialects send media; other text is only counted.
final class LiftedString {
  private let makeWriter: () -> UploadWriter
  private var writer: UploadWriter?
  private var head: [UInt8] = []
  private var isText = false
  /// Base64 without a data URL's head: each byte is looked at, since it may still turn out to be text.
  private var isBare = false
  private var isExcess = false
  private var length: Int64 = 0

  init(makeWriter: @escaping () -> UploadWriter) { self.makeWriter = makeWriter }

  func take(_ bytes: [UInt8]) throws(KinoraError) {
    length += Int64(bytes.count)
    if isText || isExcess { return }
    if isBare, !bytes.allSatisfy(Self.isBase64) {
      writer = nil
      isText = true
      return
    }
    if let writer { return try write(bytes[...], to: writer) }
    head += bytes
    switch DataURL.head(head) {
    case .unfinished: return
    case .none where head.allSatisfy(Self.isBase64):
      let writer = makeWriter()
      self.writer = writer
      isBare = true
      try write(head[...], to: writer)
    case .none, .other: isText = true
    case .base64(let start):
      let writer = makeWriter()
      self.writer = writer
      try write(head[start...], to: writer)
    }
    head = []
  }

  func finish() throws(KinoraError) -> ParsedBody.Lift {
    if isExcess { return .excess(bytes: length) }
    guard let writer else { return .text(bytes: length) }
    return isBare ? .bare(try writer.finish()) : .file(try writer.finish())
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "+"), UInt8(ascii: "/"),
      UInt8(ascii: "="):
      true
    default: false
    }
  }

  /// What is too large is read to its end all the same: only the whole body tells whose field it is.
  private func write(
    _ bytes: ArraySlice<UInt8>, to writer: UploadWriter
  ) throws(KinoraError) {
    do throws(KinoraError) {
      try writer.write(bytes)
    } catch {
      guard error.code == .tooLarge else { throw error }
      isExcess = true
      self.writer = nil
    }
  }
}
