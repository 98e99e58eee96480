public import KinoraModel

/// A text with `{{credential:NAME}}` in it.
///
/// Placeholders are looked for in header values and in query values of a request's address, nowhere
/// else: a user's text that happens to hold `{{` goes out byte for byte.
public struct CredentialTemplate: Sendable {
  enum Piece: Sendable, Equatable {
    case text(Substring)
    case credential(String)
  }
  let pieces: [Piece]

  /// Reads the text. What is not exactly a placeholder stays as it is.
  public init(_ text: String) {
    var pieces: [Piece] = []
    var rest = text[...]
    while let open = Self.range(of: Self.opening, in: rest) {
      let after = rest[open.upperBound...]
      guard let end = Self.range(of: "}}", in: after) else { break }
      let name = after[..<end.lowerBound]
      guard Self.isName(name) else {
        pieces.append(.text(rest[..<open.upperBound]))
        rest = after
        continue
      }
      if open.lowerBound > rest.startIndex { pieces.append(.text(rest[..<open.lowerBound])) }
      pieces.append(.credential(String(name)))
      rest = after[end.upperBound...]
    }
    if !rest.isEmpty { pieces.append(.text(rest)) }
    self.pieces = pieces
  }

  /// The credentials it names.
  public var names: Set<String> {
    Set(
      pieces.compactMap { piece in
        if case .credential(let name) = piece { name } else { nil }
      })
  }

  /// The text with every placeholder replaced; `encode` is applied to the secrets only.
  public func filled(
    _ secrets: [String: Secret], encode: (String) -> String = { $0 }
  ) throws(KinoraError) -> String {
    var out = ""
    for piece in pieces {
      switch piece {
      case .text(let text): out += text
      case .credential(let name):
        guard let secret = secrets[name] else {
          throw KinoraError(.credentialMissing, "credential \(name) was not read")
        }
        out += encode(secret.reveal())
      }
    }
    return out
  }

  static let opening = "{{credential:"

  private static func isName(_ name: Substring) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "-"),
          UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  private static func range(of needle: String, in text: Substring) -> Range<Substring.Index>? {
    let needle = Array(needle.utf8)
    var at = text.startIndex
    while at < text.endIndex {
      if text[at...].utf8.starts(with: needle) {
        return at..<text.utf8.index(at, offsetBy: needle.count)
      }
      at = text.utf8.index(after: at)
    }
    return nil
  }
}
