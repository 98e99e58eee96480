import KinoraHTTP
import KinoraModel

/// Gives the pieces of a body to its reader.
///
/// Sendable by turns: the loop's thread until the body is complete, then the one task that answers.
final class UploadSink: HTTPBodySink, @unchecked Sendable {
  private let reader: any BodyReader
  private let refuse: @Sendable (KinoraError) -> HTTPResponse

  init(_ reader: any BodyReader, refuse: @escaping @Sendable (KinoraError) -> HTTPResponse) {
    self.reader = reader
    self.refuse = refuse
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) {
    do throws(KinoraError) {
      try reader.take(bytes)
    } catch {
      throw HTTPRefusal(refuse(error))
    }
  }

  /// The body, read to its end.
  func finish() throws(KinoraError) -> ParsedBody { try reader.finish() }
}
