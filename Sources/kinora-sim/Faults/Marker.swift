/// Wishes inside a prompt or model name: `[fault:NAME]`, `[fault:PHASE:NAME]`, `[render:SECONDS]`,
/// `[pad:BYTES]`.
struct Marker: Equatable, Sendable {
  var fault: Fault
  /// Nil: the fault's usual phase.
  var phase: Phase?

  /// All fault markers of a text, in order. What is not one is left alone.
  static func all(in text: String) -> [Marker] {
    bodies(of: "fault", in: text).compactMap { body in
      let parts = body.split(separator: ":")
      guard let fault = parts.last.flatMap({ Fault(rawValue: String($0)) }) else { return nil }
      switch parts.count {
      case 1: return Marker(fault: fault)
      case 2: return Phase(rawValue: String(parts[0])).map { Marker(fault: fault, phase: $0) }
      default: return nil
      }
    }
  }

  /// The number in `[name:123]`.
  static func number(_ name: String, in text: String) -> Int64? {
    bodies(of: name, in: text).first.flatMap { Int64($0) }
  }

  /// A model's name without its markers.
  static func stripped(_ text: String) -> String {
    guard let start = text.firstIndex(of: "[") else { return text }
    return String(text[..<start])
  }

  private static func bodies(of name: String, in text: String) -> [String] {
    guard text.contains("[") else { return [] }
    return text.split(separator: "[").dropFirst(text.hasPrefix("[") ? 0 : 1).compactMap { piece in
      guard piece.hasPrefix("\(name):"), let end = piece.firstIndex(of: "]") else { return nil }
      return String(piece[..<end].dropFirst(name.count + 1))
    }
  }
}
