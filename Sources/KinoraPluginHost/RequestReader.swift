import CKinoraPlugin
import KinoraModel

/// Turns a plugin's C request into a value and names what may not be in one.
///
/// What passes here can be written onto a connection as it is: no line end and no NUL anywhere, names
/// are tokens, the address is http or https with a host.
struct RequestReader {
  private let told: kn_request
  private(set) var problems: [String] = []

  init(_ request: kn_request) { told = request }

  mutating func request() -> ProviderRequest {
    let known = UInt32(KN_IDEMPOTENT) | UInt32(KN_STREAM_TO_FILE) | UInt32(KN_LIFT_STRINGS)
    if told.flags & ~known != 0 {
      problems.append("its request has flags that this host does not know (\(told.flags))")
    }
    return ProviderRequest(
      method: method(), url: url(), fields: fields(), parts: parts(),
      isIdempotent: told.flags & UInt32(KN_IDEMPOTENT) != 0,
      streamsToFile: told.flags & UInt32(KN_STREAM_TO_FILE) != 0,
      liftsStrings: told.flags & UInt32(KN_LIFT_STRINGS) != 0, timeout: told.timeout_ms,
      maxBody: told.max_body, tag: tag())
  }

  private mutating func method() -> String {
    let text = told.method.text ?? ""
    if text.isEmpty || !text.utf8.allSatisfy({ (0x41...0x5a).contains($0) }) {
      problems.append("its request's method is not a word like GET")
    }
    return text
  }

  private mutating func url() -> String {
    guard let text = told.url.text, text.utf8.count <= PluginLimits.urlBytes else {
      problems.append("its request's url is not text or too long")
      return ""
    }
    // Placeholders hold braces; everything else that is not allowed in a URL must be escaped.
    if text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7f || $0 == 0x5c || $0 == 0x22 }) {
      problems.append("its request's url holds a space, a control character or raw non-ASCII")
    }
    let rest =
      text.hasPrefix("https://")
      ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
    if rest.isEmpty || rest.hasPrefix("/") {
      problems.append("its request's url is not http or https with a host")
    }
    return text
  }

  private mutating func tag() -> String {
    guard let text = told.tag.text, text.utf8.count <= PluginLimits.wordsBytes else {
      problems.append("its request's tag is not text or too long")
      return ""
    }
    return text
  }

  private mutating func fields() -> [(name: String, value: String)] {
    let count = told.headers == nil ? 0 : told.header_count
    guard count <= PluginLimits.fields else {
      problems.append("its request has \(count) fields, the limit is \(PluginLimits.fields)")
      return []
    }
    var fields: [(name: String, value: String)] = []
    for i in 0..<count {
      let name = told.headers[i].name.text ?? ""
      if name.isEmpty || !name.utf8.allSatisfy(RequestReader.isToken) {
        problems.append("a field of its request has a name that is no token")
        continue
      }
      guard let value = told.headers[i].value.text, value.utf8.count <= PluginLimits.fieldBytes,
        !value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7f })
      else {
        problems.append(
          "the field \(name) of its request holds a line end, a NUL or another control character, "
            + "or is too long")
        continue
      }
      if RequestReader.ours.contains(name.lowercased()) {
        problems.append("its request sets the field \(name), which is the host's")
      }
      fields.append((name.lowercased(), value))
    }
    return fields
  }

  /// Fields that frame the message: two opinions about them are request smuggling.
  private static let ours: Set<String> = [
    "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer",
    "transfer-encoding", "upgrade",
  ]

  // RFC 9110 §5.6.2.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  private mutating func parts() -> [ProviderRequest.Part] {
    let count = told.parts == nil ? 0 : told.part_count
    guard count > 0 else {
      let body = Array(told.body.raw)
      if body.count > PluginLimits.bodyBytes { tooLong(body.count) }
      return body.isEmpty ? [] : [.bytes(body)]
    }
    if told.body.raw.count > 0 { problems.append("its request has a body and parts") }
    guard count <= PluginLimits.parts else {
      problems.append("its request has \(count) parts, the limit is \(PluginLimits.parts)")
      return []
    }
    var parts: [ProviderRequest.Part] = []
    var total = 0
    for i in 0..<count {
      let part = told.parts[i]
      switch Int(part.kind) {
      case Int(KN_PART_BYTES):
        total += part.data.raw.count
        if total <= PluginLimits.bodyBytes { parts.append(.bytes(Array(part.data.raw))) }
      case Int(KN_PART_INPUT_RAW), Int(KN_PART_INPUT_BASE64):
        guard let ref = part.data.text, !ref.isEmpty, ref.utf8.count <= 64 else {
          problems.append("a part of its request names no input")
          continue
        }
        parts.append(.input(ref: ref, base64: Int(part.kind) == Int(KN_PART_INPUT_BASE64)))
      default: problems.append("a part of its request is of the unknown kind \(part.kind)")
      }
    }
    if total > PluginLimits.bodyBytes { tooLong(total) }
    return parts
  }

  private mutating func tooLong(_ count: Int) {
    problems.append(
      "its request's body has \(count) bytes of its own, the limit is \(PluginLimits.bodyBytes)")
  }
}
