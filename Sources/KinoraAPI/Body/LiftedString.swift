import KinoraModel

/// One long string of a JSON body: a data URL's base64 goes to a file, other text is only counted.
final class LiftedString {
  private let makeWriter: () -> UploadWriter
  private var writer: UploadWriter?
  private var head: [UInt8] = []
  private var isText = false
  private var length: Int64 = 0

  init(makeWriter: @escaping () -> UploadWriter) { self.makeWriter = makeWriter }

  func take(_ bytes: [UInt8]) throws(KinoraError) {
    length += Int64(bytes.count)
    if isText { return }
    if let writer { return try writer.write(bytes[...]) }
    head += bytes
    switch DataURL.head(head) {
    case .unfinished: return
    case .none, .other: isText = true
    case .base64(let start):
      let writer = makeWriter()
      self.writer = writer
      try writer.write(head[start...])
    }
    head = []
  }

  func finish() throws(KinoraError) -> ParsedBody.Lift {
    guard let writer else { return .text(bytes: length) }
    return .file(try writer.finish())
  }
}
