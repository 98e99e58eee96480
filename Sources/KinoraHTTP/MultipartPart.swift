/// Why a multipart body is not accepted.
public struct MultipartError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence without a full stop.
  public let description: String

  /// An error by hand, for receivers that refuse a part.
  public init(_ description: String) { self.description = description }
}

/// The head of one part of a form.
public struct MultipartPart: Sendable, Equatable {
  /// The field's name.
  public let name: String
  /// The file's name as the client gave it, nil for a plain field. Not to be used as a path.
  public let filename: String?
  /// The part's media type as it was sent, nil without one.
  public let contentType: String?

  init(head: String) throws(MultipartError) {
    var disposition: ParameterizedValue?
    var contentType: String?
    for line in head.utf8.split(separator: 0x0d, omittingEmptySubsequences: false) {
      // Each line but the first begins with the LF of its CRLF.
      let text = line.first == 0x0a ? line.dropFirst() : line
      guard !text.contains(0x0a), let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
        throw MultipartError("malformed line in a part's head")
      }
      let field = String(decoding: text[..<colon], as: UTF8.self)
      let value = String(decoding: text[text.index(after: colon)...], as: UTF8.self)
      if field.equalsIgnoringCase("content-disposition") {
        if disposition != nil { throw MultipartError("a part has two Content-Dispositions") }
        disposition = try ParameterizedValue(value)
      } else if field.equalsIgnoringCase("content-type") {
        contentType = String(value.trimmingBlanks)
      } else if field.equalsIgnoringCase("content-transfer-encoding") {
        let coding = value.trimmingBlanks
        guard ["binary", "8bit", "7bit"].contains(coding.lowercased()) else {
          throw MultipartError("the transfer encoding \(coding) of a part is not accepted")
        }
      }
    }
    guard let disposition, disposition.value.equalsIgnoringCase("form-data"),
      let name = disposition["name"]
    else { throw MultipartError("a part without Content-Disposition: form-data and a name") }
    self.name = name
    filename = disposition["filename"]
    self.contentType = contentType
  }
}

extension StringProtocol {
  /// Without blanks and tabs at both ends.
  var trimmingBlanks: SubSequence {
    var text = self[...]
    while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return text
  }
}
