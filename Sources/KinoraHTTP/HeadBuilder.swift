/// Gathers a head's bytes, which may arrive in any pieces, and cuts them into fields at the end.
struct HeadBuilder {
  private let limits: HTTPLimits
  private var text: [UInt8] = []
  private var targetEnd = 0
  /// Two for each field: where its name begins and where its value does.
  private var marks: [Int] = []
  private var inName = false

  init(limits: HTTPLimits) { self.limits = limits }

  mutating func reset() {
    text.removeAll(keepingCapacity: text.capacity <= 8192)
    marks.removeAll(keepingCapacity: true)
    targetEnd = 0
    inName = false
  }

  /// False when the target is longer than allowed.
  mutating func target(_ bytes: UnsafeRawBufferPointer) -> Bool {
    text.append(contentsOf: bytes)
    targetEnd = text.count
    return targetEnd <= limits.targetBytes
  }

  mutating func name(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if !inName {
      inName = true
      marks.append(text.count)
    }
    text.append(contentsOf: bytes)
    return marks.count <= 2 * limits.fields && text.count <= limits.headBytes
  }

  mutating func nameComplete() {
    inName = false
    marks.append(text.count)
  }

  mutating func value(_ bytes: UnsafeRawBufferPointer) -> Bool {
    text.append(contentsOf: bytes)
    return text.count <= limits.headBytes
  }

  /// Target and fields; the rest of the head is the parser's.
  func head() -> RequestHead {
    var head = RequestHead()
    head.targetBytes = targetEnd
    head.fields.reserve(marks.count / 2)
    text.withUnsafeBufferPointer { text in
      head.target = RequestTarget(text[..<targetEnd])
      for at in stride(from: 0, to: marks.count - 1, by: 2) {
        let end = at + 2 < marks.count ? marks[at + 2] : text.count
        let name = String(decoding: text[marks[at]..<marks[at + 1]], as: UTF8.self)
        let value = String(decoding: trimmed(text[marks[at + 1]..<end]), as: UTF8.self)
        head.marked.note(name, value)
        head.fields.append(name, value)
      }
    }
    return head
  }

  /// Without the blanks at the end, which are not part of a value (RFC 9112 §5).
  private func trimmed(_ value: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<
    UnsafeBufferPointer<UInt8>
  > {
    var value = value
    while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
    return value
  }
}
