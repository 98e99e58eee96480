import KinoraModel

/// One long string of a JSON body: a data URL's base64 goes to a file, other text is only counted.
final class LiftedString {
  private let makeWriter: () -> UploadWriter
  private var writer: UploadWriter?
  private var head: [UInt8] = []
  private var isText = false
  private var isExcess = false
  private var length: Int64 = 0

  init(makeWriter: @escaping () -> UploadWriter) { self.makeWriter = makeWriter }

  func take(_ bytes: [UInt8]) throws(KinoraError) {
    length += Int64(bytes.count)
    if isText || isExcess { return }
    if let writer { return try write(bytes[...], to: writer) }
    head += bytes
    switch DataURL.head(head) {
    case .unfinished: return
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
    return .file(try writer.finish())
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
