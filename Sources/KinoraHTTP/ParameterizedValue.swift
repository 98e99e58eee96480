/// A field value with parameters: `form-data; name="a"; filename="b.png"` (RFC 9110 §5.6.6).
///
/// Inside quotes `\"` and `\\` stand for themselves; browsers write `%22` for a quote instead
/// (WHATWG HTML, multipart/form-data encoding), which stays as it is.
struct ParameterizedValue {
  let value: String
  private var parameters: [(name: String, value: String)] = []

  /// Throws for a parameter without a value, an open quote, a name that comes twice.
  init(_ text: String) throws(MultipartError) {
    var rest = text.utf8[...]
    value = String(Substring(Self.take(&rest) { $0 == UInt8(ascii: ";") }).trimmingBlanks)
    while rest.popFirst() != nil {
      let name = Substring(Self.take(&rest) { $0 == UInt8(ascii: "=") }).trimmingBlanks
      guard rest.popFirst() != nil, !name.isEmpty, !name.utf8.contains(UInt8(ascii: ";")) else {
        throw MultipartError("malformed parameter in \(value)")
      }
      guard self[String(name)] == nil else {
        throw MultipartError("the parameter \(name) is given twice")
      }
      parameters.append((String(name), try Self.parameter(&rest)))
    }
  }

  subscript(name: String) -> String? {
    parameters.first { $0.name.equalsIgnoringCase(name) }?.value
  }

  private static func parameter(_ rest: inout Substring.UTF8View) throws(MultipartError) -> String {
    guard rest.first == UInt8(ascii: "\"") else {
      let token = Substring(take(&rest) { $0 == UInt8(ascii: ";") }).trimmingBlanks
      guard !token.utf8.contains(UInt8(ascii: "\"")), !token.isEmpty else {
        throw MultipartError("a quote inside of a parameter")
      }
      return String(token)
    }
    rest.removeFirst()
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") {
        let blanks = Substring(take(&rest) { $0 == UInt8(ascii: ";") }).trimmingBlanks
        guard blanks.isEmpty else { throw MultipartError("something follows a quoted parameter") }
        return String(decoding: bytes, as: UTF8.self)
      }
      let escapes = byte == UInt8(ascii: "\\") && (rest.first == 0x22 || rest.first == 0x5c)
      bytes.append(escapes ? (rest.popFirst() ?? byte) : byte)
    }
    throw MultipartError("a quoted parameter without its end")
  }

  /// Takes up to the first byte that `ends` names, which stays.
  private static func take(
    _ rest: inout Substring.UTF8View, until ends: (UInt8) -> Bool
  ) -> Substring.UTF8View {
    let end = rest.firstIndex(where: ends) ?? rest.endIndex
    defer { rest = rest[end...] }
    return rest[..<end]
  }
}
