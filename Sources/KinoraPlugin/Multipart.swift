/// A `multipart/form-data` body (RFC 7578), built field by field.
///
/// ```swift
/// var form = Multipart()
/// form.field("prompt", job.prompt)
/// form.file("input_reference", job.inputs[0], name: "first.png")
/// return .send(.post(url, .paid, body: form.body(context)), .submitting)
/// ```
public struct Multipart: Sendable {
  private struct Item {
    var name: String
    var value: String
    var input: Job.Input?
  }
  private var items: [Item] = []

  /// An empty form.
  public init() {}

  /// A text field.
  public mutating func field(_ name: String, _ value: String) {
    items.append(Item(name: name, value: value))
  }

  /// A text field that is left out when nil.
  public mutating func field(_ name: String, ifPresent value: String?) {
    if let value { field(name, value) }
  }

  /// A text field for each member of an object: words as they are, anything else as JSON text.
  public mutating func fields(_ object: JSON) {
    for member in object.members { field(member.key, member.value.string ?? member.value.written) }
  }

  /// An input as a file; one without stored bytes becomes an empty file.
  public mutating func file(_ field: String, _ input: Job.Input, name: String) {
    items.append(Item(name: field, value: name, input: input))
  }

  /// The body. The boundary comes from the job's seed, so that the same event gives the same bytes; it
  /// grows until no field holds it.
  public func body(_ context: Context) -> Body {
    var boundary = "kinora-\(context.seed)"
    while items.contains(where: { holds($0.value, boundary) }) { boundary += "x" }
    var parts: [Body.Part] = []
    var text: [UInt8] = []
    for item in items {
      text += "--\(boundary)\r\ncontent-disposition: form-data; name=\"\(quoted(item.name))\"".utf8
      if let input = item.input {
        text += "; filename=\"\(quoted(item.value))\"\r\ncontent-type: \(input.mime)\r\n\r\n".utf8
        if let ref = input.ref {
          parts += [.bytes(text), .input(ref: ref)]
          text = []
        }
        text += "\r\n".utf8
      } else {
        text += "\r\n\r\n\(item.value)\r\n".utf8
      }
    }
    text += "--\(boundary)--\r\n".utf8
    parts.append(.bytes(text))
    return Body(parts, contentType: "multipart/form-data; boundary=\(boundary)")
  }

  private func holds(_ text: String, _ boundary: String) -> Bool {
    let (text, mark) = (Array(text.utf8), Array(boundary.utf8))
    guard text.count >= mark.count else { return false }
    return (0...text.count - mark.count).contains { text[$0..<$0 + mark.count] == mark[...] }
  }

  // Names in quotes, as the WHATWG's form encoding writes them (HTML, "multipart/form-data").
  private func quoted(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"": text += "%22"
      case "\r": text += "%0D"
      case "\n": text += "%0A"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
