/// How far a client has come in a run: the `id:` of an event. Made from the job alone, so that a
/// restart changes nothing and any number of clients may read one run.
///
/// Statuses are told again every two seconds; `number` is the job's own event number, `turn` counts
/// what was told about that one.
enum RunOffset: Equatable, Sendable {
  /// Nothing has been told.
  case beginning
  case started
  case created
  case status(number: Int, turn: Int)
  case result
  case end

  /// `k1.1`, `k1.3.NUMBER.TURN`, …; the digit after `k` is the format's.
  var text: String {
    switch self {
    case .beginning: "k1.0"
    case .started: "k1.1"
    case .created: "k1.2"
    case .status(let number, let turn): "k1.3.\(number).\(turn)"
    case .result: "k1.4"
    case .end: "k1.5"
    }
  }

  /// Nil for text that was never given out. `-1` is what a client says that joins.
  init?(_ text: String) {
    if text == "-1" {
      self = .beginning
      return
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 4, parts[0] == "k1" else { return nil }
    switch (parts[1], parts.count) {
    case ("0", 2): self = .beginning
    case ("1", 2): self = .started
    case ("2", 2): self = .created
    case ("4", 2): self = .result
    case ("5", 2): self = .end
    case ("3", 4):
      guard let number = Int(parts[2]), let turn = Int(parts[3]), number >= 0, turn >= 0 else {
        return nil
      }
      self = .status(number: number, turn: turn)
    default: return nil
    }
  }
}
