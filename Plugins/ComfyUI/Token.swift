import KinoraPlugin

/// What stands for a value in a workflow: `{KINORA_FPS}`, the same with `TOMORI_` for workflows that
/// were written for TomoriBot, or `%fps%` as SillyTavern writes it.
///
/// A string that is one placeholder and nothing else becomes a typed value, a number where the value is
/// one; inside other text it is written as text. What a value contains is not looked at again, so a
/// prompt may say `{KINORA_SEED}` and mean it.
enum Token {
  enum Piece: Equatable {
    case text(String)
    /// The value's name, and how the workflow writes it.
    case value(String, as: String)
  }

  private static let percent = [
    "prompt": "PROMPT", "negative_prompt": "NEGATIVE_PROMPT", "seed": "SEED", "width": "WIDTH",
    "height": "HEIGHT", "steps": "STEPS", "scale": "CFG", "cfg": "CFG", "model": "MODEL",
    "image": "REFERENCE_IMAGE_1_FILENAME", "fps": "FPS", "frames": "FRAME_COUNT",
    "duration": "DURATION",
  ]
  /// Names that mean the same.
  private static let same = [
    "DURATION_SECONDS": "DURATION", "FRAMES": "FRAME_COUNT", "MODEL_NAME": "MODEL",
  ]

  /// A text in pieces.
  static func pieces(_ text: String) -> [Piece] {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "%") }) else {
      return [.text(text)]
    }
    var pieces: [Piece] = []
    var plain = ""
    var rest = text[...]
    while let start = rest.firstIndex(where: { $0 == "{" || $0 == "%" }) {
      plain += rest[..<start]
      rest = rest[start...]
      if let (name, written) = token(rest) {
        if !plain.isEmpty { pieces.append(.text(plain)) }
        pieces.append(.value(name, as: written))
        plain = ""
        rest = rest.dropFirst(written.count)
      } else {
        plain.append(rest.removeFirst())
      }
    }
    plain += rest
    return plain.isEmpty ? pieces : pieces + [.text(plain)]
  }

  /// The placeholder that a text begins with. `%…%` is one only with a known name: ComfyUI has names
  /// of its own for file names.
  private static func token(_ text: Substring) -> (name: String, written: String)? {
    let isBrace = text.first == "{"
    let inside = text.dropFirst().prefix(64)
    guard let end = inside.firstIndex(of: isBrace ? "}" : "%") else { return nil }
    let word = inside[..<end]
    guard isBrace else {
      return percent[word.lowercased()].map { ($0, "%\(word)%") }
    }
    guard word.hasPrefix("KINORA_") || word.hasPrefix("TOMORI_"),
      word.utf8.allSatisfy({
        (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
      })
    else { return nil }
    var name = String(word.dropFirst("KINORA_".count))
    if name.hasPrefix("VIDEO_") { name.removeFirst("VIDEO_".count) }
    return (same[name] ?? name, "{\(word)}")
  }

  /// The names of all values that a workflow wants.
  static func names(in json: JSON) -> Set<String> {
    switch json {
    case .string(let text):
      Set(
        pieces(text).compactMap {
          if case .value(let name, _) = $0 { name } else { nil }
        })
    case .array(let items): items.reduce(into: []) { $0.formUnion(names(in: $1)) }
    case .object(let members): members.reduce(into: []) { $0.formUnion(names(in: $1.value)) }
    default: []
    }
  }

  /// The workflow with its values. Throws what `value` throws, and for media inside other text.
  static func filled(_ json: JSON, _ value: (String, String) throws(Failure) -> JSON)
    throws(Failure) -> JSON
  {
    switch json {
    case .string(let text):
      let pieces = pieces(text)
      if pieces.count == 1, case .value(let name, let written) = pieces[0] {
        return try value(name, written)
      }
      var made = ""
      for piece in pieces {
        switch piece {
        case .text(let text): made += text
        case .value(let name, let written): made += try words(value(name, written), written)
        }
      }
      return .string(made)
    case .array(let items):
      var made: [JSON] = []
      for item in items { made.append(try filled(item, value)) }
      return .array(made)
    case .object(let members):
      var made: [JSON.Member] = []
      for member in members {
        made.append(JSON.Member(member.key, try filled(member.value, value)))
      }
      return .object(made)
    default: return json
    }
  }

  private static func words(_ value: JSON, _ written: String) throws(Failure) -> String {
    switch value {
    case .string(let text): return text
    case .null, .bool, .integer, .number: return String(decoding: value.bytes, as: UTF8.self)
    case .array, .object, .media:
      throw Failure(.invalid, "\(written) must be a value of its own, not part of a text")
    }
  }
}
