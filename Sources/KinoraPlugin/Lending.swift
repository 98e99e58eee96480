import CKinoraPlugin

extension Request {
  /// Lends the request as the C struct for one call: all its text lies in one arena that is gone after.
  func lend(_ body: (UnsafePointer<kn_request>) -> Void) {
    var arena = Arena()
    let method = arena.add(self.method.utf8)
    let url = arena.add(self.url.utf8)
    let tag = arena.add(self.tag.utf8)
    let fields = headers.fields.map { (arena.add($0.name.utf8), arena.add($0.value.utf8)) }
    let pieces = self.body.parts.map { part in
      switch part {
      case .bytes(let bytes): (UInt32(KN_PART_BYTES), arena.add(bytes))
      case .input(let ref): (UInt32(KN_PART_INPUT_RAW), arena.add(ref.utf8))
      case .inputBase64(let ref): (UInt32(KN_PART_INPUT_BASE64), arena.add(ref.utf8))
      }
    }
    var flags: UInt32 = cost == .free ? KN_IDEMPOTENT.bit : 0
    if streamsToFile { flags |= KN_STREAM_TO_FILE.bit }
    if liftsStrings { flags |= KN_LIFT_STRINGS.bit }
    arena.bytes.withUnsafeBytes { raw in
      let base = raw.bindMemory(to: CChar.self).baseAddress
      func span(_ range: Range<Int>) -> kn_bytes {
        kn_bytes(ptr: base.map { $0 + range.lowerBound }, len: range.count)
      }
      let headers = fields.map { kn_header(name: span($0.0), value: span($0.1)) }
      // One piece of bytes is the plain body, which every host reads.
      let isPlain = pieces.count == 1 && pieces[0].0 == UInt32(KN_PART_BYTES)
      let parts =
        isPlain ? [] : pieces.map { kn_part(kind: $0.0, reserved: 0, data: span($0.1)) }
      headers.withUnsafeBufferPointer { headers in
        parts.withUnsafeBufferPointer { parts in
          var request = kn_request(
            struct_size: UInt32(MemoryLayout<kn_request>.size), flags: flags, timeout_ms: timeout,
            max_body: maxBody, method: span(method), url: span(url),
            body: isPlain ? span(pieces[0].1) : kn_bytes(), tag: span(tag),
            headers: headers.baseAddress, header_count: headers.count, parts: parts.baseAddress,
            part_count: parts.count)
          body(&request)
        }
      }
    }
  }
}

private struct Arena {
  var bytes: [UInt8] = []

  mutating func add(_ more: some Collection<UInt8>) -> Range<Int> {
    let start = bytes.count
    bytes.append(contentsOf: more)
    return start..<bytes.count
  }
}

extension Int {
  fileprivate var bit: UInt32 { UInt32(self) }
}

extension UInt32 {
  fileprivate var bit: UInt32 { self }
}
