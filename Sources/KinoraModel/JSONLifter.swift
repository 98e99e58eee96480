/// Finds long strings in JSON text while it streams by, so that media never has to be held in memory.
///
/// The text may be cut anywhere. Strings up to `threshold` bytes pass through; a longer one is handed
/// out as it comes and a short placeholder string takes its place in the text. The placeholder holds
/// the caller's nonce, so no sender can forge one. Only framing is looked at here: the rest of the
/// text is checked by the parser, the lifted bytes by whoever takes them (base64 has no escapes, so a
/// backslash inside a lifted string is an error).
public struct JSONLifter: Sendable {
  /// What to do next, in order.
  public enum Piece: Sendable, Equatable {
    /// Text that belongs to the remaining JSON.
    case text([UInt8])
    /// A long string begins; it is the lift number `index`, from 0.
    case begin(index: Int)
    /// Its bytes, as they stand between the quotes.
    case lifted([UInt8])
    /// It ended after `length` bytes.
    case end(index: Int, length: Int64)
  }

  private enum Place { case outside, inside, escaped, lifting }

  private let threshold: Int
  private let nonce: String
  private var place = Place.outside
  private var pending: [UInt8] = []
  private var count = 0
  private var length: Int64 = 0

  /// - Parameters:
  ///   - threshold: the longest string, in bytes between its quotes, that stays in the text
  ///   - nonce: random letters or digits that the sender cannot know
  public init(threshold: Int, nonce: String) {
    self.threshold = threshold
    self.nonce = nonce
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
        if pending.count > threshold {
          guard !pending.contains(UInt8(ascii: "\\")) else {
            throw JSONSyntaxError(
              reason: "a string over \(threshold) bytes may not hold escapes", offset: i)
          }
          flushText()
          pieces.append(.begin(index: count))
          pieces.append(.lifted(pending))
          length = Int64(pending.count)
          pending.removeAll()
          place = .lifting
          start = i + 1
        }
      case .escaped:
        pending.append(byte)
        place = .inside
      case .lifting:
        guard byte != UInt8(ascii: "\\") else {
          throw JSONSyntaxError(
            reason: "a string over \(threshold) bytes may not hold escapes", offset: i)
        }
        guard byte == UInt8(ascii: "\"") else { continue }
        if i > start { pieces.append(.lifted(Array(bytes[start..<i]))) }
        length += Int64(i - start)
        pieces.append(.end(index: count, length: length))
        text.append(contentsOf: placeholder(count).utf8)
        text.append(byte)
        count += 1
        place = .outside
      }
    }
    if place == .lifting, start < bytes.count {
      pieces.append(.lifted(Array(bytes[start...])))
      length += Int64(bytes.count - start)
    }
    flushText()
    return pieces
  }
}
