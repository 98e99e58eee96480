/// An answer of the provider.
public struct Response: Sendable {
  /// A string of the answer, or the whole of it, that the host put into a file.
  public struct Spool: Sendable, Equatable {
    /// `out0`.
    public var ref: String
    /// JSON pointer of the string; empty for a whole body.
    public var pointer: String
    /// Characters of the string, bytes of a body.
    public var length: UInt64

    /// A spool.
    public init(ref: String, pointer: String, length: UInt64) {
      self.ref = ref
      self.pointer = pointer
      self.length = length
    }
  }
  /// 100…599.
  public var status: Int
  /// Fields, names in lower case.
  public var headers: Headers
  /// What is in memory.
  public var body: [UInt8]
  /// What is in files.
  public var spools: [Spool]
  /// The request's tag.
  public var tag: String

  /// An answer, for tests of a provider.
  public init(
    status: Int, headers: Headers = [:], body: [UInt8] = [], spools: [Spool] = [], tag: String = ""
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.spools = spools
    self.tag = tag
  }

  /// 200…299.
  public var isSuccess: Bool { (200...299).contains(status) }

  /// The body as JSON, read leniently; a body that is no JSON at all is a `protocol` failure.
  public func json() throws(Failure) -> JSON {
    guard let json = JSON(reading: body) else {
      throw Failure(
        .protocol,
        isHTML
          ? "the provider answered \(status) with a web page instead of JSON"
          : "the provider answered \(status) without JSON")
    }
    return json
  }

  /// The body as JSON, `null` when it is none: for reading an error's words.
  public var jsonOrNull: JSON { JSON(reading: body) ?? .null }

  /// True when an edge in front of the provider answered with a page.
  public var isHTML: Bool {
    if let type = headers["content-type"] { return type.lowercased().hasPrefix("text/html") }
    let start = body.first { $0 != 0x20 && $0 != 0x0a && $0 != 0x0d && $0 != 0x09 }
    return start == UInt8(ascii: "<")
  }

  /// The media that stand at a JSON pointer as base64 text: the spool, or a `data:` URL where the
  /// string was too short to be lifted. Nil when there is neither.
  public func asset(at pointer: String, in json: JSON, mime: String) -> Asset? {
    if let spool = spools.first(where: { $0.pointer == pointer }) {
      return .spool(spool.ref, isBase64: true, mime: mime)
    }
    guard let text = json.at(pointer).string, !text.isEmpty else { return nil }
    return .url(text.hasPrefix("data:") ? text : "data:\(mime);base64,\(text)")
  }

  /// The whole answer as an asset, when the request had ``Request/streamsToFile``.
  public func asset(mime: String) -> Asset? {
    spools.first { $0.pointer.isEmpty }.map { .spool($0.ref, isBase64: false, mime: mime) }
  }
}
