import KinoraModel

/// A request body after it was read: JSON, whatever it came as, and what was too long to be held in
/// memory.
struct ParsedBody: Sendable {
  /// What was moved out of the body.
  enum Lift: Sendable {
    /// Media, in a file.
    case file(UploadedFile)
    /// Base64 without a data URL's head, in a file: media only where the field says so.
    case bare(UploadedFile)
    /// Text of so many bytes that is no data URL and was dropped.
    case text(bytes: Int64)
    /// A data URL of so many bytes that is larger than an input may be and was dropped.
    case excess(bytes: Int64)
  }

  /// An object; a lifted string's placeholder stands in its place.
  var json: JSON
  /// It came as form data: all values are strings.
  var isForm: Bool = false
  /// What was lifted, by number.
  var lifts: [Lift] = []
  /// Tells placeholders from what a client wrote; nil where nothing can have been lifted.
  var names: JSONLifter?

  /// The lift that a string stands for.
  func lift(_ text: String) -> Lift? {
    guard let at = names?.index(of: text), lifts.indices.contains(at) else { return nil }
    return lifts[at]
  }
}

/// Reads a body piece by piece.
protocol BodyReader: AnyObject {
  /// The next bytes. Throws what the client is to be told.
  func take(_ bytes: UnsafeRawBufferPointer) throws(KinoraError)
  /// The body is complete.
  func finish() throws(KinoraError) -> ParsedBody
}
