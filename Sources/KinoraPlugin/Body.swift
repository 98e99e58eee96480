/// A request's body in pieces. Inputs are named; the host streams them, a plugin never holds media.
public struct Body: Sendable, Equatable {
  /// One piece.
  public enum Part: Sendable, Equatable {
    case bytes([UInt8])
    /// The stored bytes of an input as they are.
    case input(ref: String)
    /// The same as base64 (RFC 4648 §4, padded, no line ends, no `data:` before it).
    case inputBase64(ref: String)
  }
  /// The pieces, in order; empty for no body.
  public var parts: [Part]
  /// Set as `content-type` unless the request has one.
  public var contentType: String?

  /// A body of pieces.
  public init(_ parts: [Part] = [], contentType: String? = nil) {
    self.parts = parts
    self.contentType = contentType
  }

  /// JSON; places inputs where the value says so.
  public static func json(_ json: JSON) -> Body {
    Body(json.parts, contentType: "application/json")
  }

  /// An input as the whole body. An input without stored bytes gives an empty one.
  public static func input(_ input: Job.Input) -> Body {
    Body(input.ref.map { [.input(ref: $0)] } ?? [], contentType: input.mime)
  }

  /// Text or bytes made by the plugin.
  public static func text(_ text: String, contentType: String) -> Body {
    Body([.bytes(Array(text.utf8))], contentType: contentType)
  }
}
