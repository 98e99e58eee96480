/// Finds long strings in JSON text while it streams by, so that media never has to be held in memory.
///
/// The text may be cut anywhere. Strings up to `threshold` bytes pass through; a longer one is handed
/// out as it comes and a short placeholder string takes its place in the text. The placeholder holds
/// the caller's nonce, so no sender can forge one. Only framing is looked at here: the rest of the
/// text is checked by the parser, the lifted bytes by whoever takes them.
public struct JSONLifter: Sendable {
  /// What to do next, in order.
  public enum Piece: Sendable, Equatable {
    /// Text that belongs to the remaining JSON.
    case text([UInt8])
    /// A long string begins; it is the lift number `index`, from 0.
    case begin(index: Int)
    /// Its bytes, as they stand between the quotes, escapes decoded where that was asked for.
    case lifted([UInt8])
    /// It ended after `length` bytes.
    case end(index: Int, length: Int64)
  }
  /// What happens to a backslash inside a long string.
  public enum Escapes: Sendable {
    /// An error: base64 needs none, and what a client sends can be refused.
    case refused
    /// Decoded: many writers of answers put `\/` for every slash of base64.
    case decoded
  }

  private enum Place { case outside, inside, escaped, lifting }

  private let threshold: Int
  private let nonce: String
  private let escapes: Escapes
  private var place = Place.outside
  private var pending: [UInt8] = []
  private var decoder = JSONStringDecoder()
  private var count = 0
  private var length: Int64 = 0
  private var offset = 0

  /// - Parameters:
  ///   - threshold: the longest string, in bytes between its quotes, that stays in the text
  ///   - nonce: random letters or digits that the sender cannot know
  ///   - escapes: what happens to a backslash inside a longer string
  public init(threshold: Int, nonce: String, escapes: Escapes = .refused) {
    self.threshold = threshold
    self.nonce = nonce
    self.escapes = escapes
  }

  /// The placeholder that stands for lift `index`.
  public func placeholder(_ index: Int) -> String { "kinora-lifted:\(nonce):\(index)" }

  /// The lift that a string of the remaining text stands for, or nil.
  public func index(of placeholder: String) -> Int? {
    let prefix = "kinora-lifted:\(nonce):"
    return placeholder.hasPrefix(prefix) ? Int(placeholder.dropFirst(prefix.count)) : nil
  }

  /// Takes the next bytes.
  public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> [Piece] {
    var pieces: [Piece] = []
    var text: [UInt8] = []
    var start = 0
    func flushText() {
      if !text.isEmpty { pieces.append(.text(text)) }
      text.removeAll(keepingCapacity: true)
    }
    defer { offset += bytes.count }
    for i in 0..<bytes.count {
      let byte = bytes[i]
      switch place {
      case .outside:
        text.append(byte)
        if byte == UInt8(ascii: "\"") {
          place = .inside
          pending.removeAll(keepingCapacity: true)
        }
      case .inside:
        if byte == UInt8(ascii: "\"") {
          text.append(contentsOf: pending)
          text.append(byte)
          place = .outside
          continue
        }
        pending.append(byte)
        if byte == UInt8(ascii: "\\") { place = .escaped }
        if place == .escaped || pending.count <= threshold { continue }
        flushText()
        try begin(at: i, &pieces)
        start = i + 1
      case .escaped:
        pending.append(byte)
        place = .inside
        if pending.count <= threshold { continue }
        flushText()
        try begin(at: i, &pieces)
        start = i + 1
      case .lifting:
        if byte == UInt8(ascii: "\\") {
          decoder.willEscape.toggle()
          continue
        }
        if decoder.willEscape {
          decoder.willEscape = false
          continue
        }
        guard byte == UInt8(ascii: "\"") else { continue }
        try lift(UnsafeRawBufferPointer(rebasing: bytes[start..<i]), at: i, &pieces)
        guard decoder.isWhole else { throw error("a broken escape in a string", i) }
        pieces.append(.end(index: count, length: length))
        text.append(contentsOf: placeholder(count).utf8)
        text.append(byte)
        count += 1
        place = .outside
      }
    }
    if place == .lifting, start < bytes.count {
      try lift(UnsafeRawBufferPointer(rebasing: bytes[start...]), at: bytes.count, &pieces)
    }
    flushText()
    return pieces
  }

  /// The string has become too long for the text: what was held of it is handed out.
  private mutating func begin(at i: Int, _ pieces: inout [Piece]) throws(JSONSyntaxError) {
    pieces.append(.begin(index: count))
    decoder = JSONStringDecoder()
    length = 0
    try lift(pending, at: i, &pieces)
    pending.removeAll()
    place = .lifting
  }

  /// Hands out raw bytes of a long string.
  private mutating func lift(
    _ raw: some Collection<UInt8>, at i: Int, _ pieces: inout [Piece]
  ) throws(JSONSyntaxError) {
    guard !raw.isEmpty else { return }
    if escapes == .refused, raw.contains(UInt8(ascii: "\\")) {
      throw error("a string over \(threshold) bytes may not hold escapes", i)
    }
    guard let bytes = escapes == .refused ? Array(raw) : decoder.decode(raw) else {
      throw error("a broken escape in a string", i)
    }
    length += Int64(bytes.count)
    if !bytes.isEmpty { pieces.append(.lifted(bytes)) }
  }

  private func error(_ reason: String, _ i: Int) -> JSONSyntaxError {
    JSONSyntaxError(reason: reason, offset: offset + i)
  }
}
