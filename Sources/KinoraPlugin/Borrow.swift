import CKinoraPlugin

/// A copy of a C struct that begins with its own size: what the other side has not written is zero, and
/// nothing past its size is read.
func sized<T>(_ pointer: UnsafePointer<T>, as _: T.Type) -> T {
  let size = UnsafeRawPointer(pointer).load(as: UInt32.self)
  return withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { copy in
    let raw = UnsafeMutableRawBufferPointer(copy)
    raw.initializeMemory(as: UInt8.self, repeating: 0)
    raw.copyMemory(
      from: UnsafeRawBufferPointer(start: pointer, count: min(Int(size), MemoryLayout<T>.size)))
    return copy[0]
  }
}

extension kn_bytes {
  /// The bytes, borrowed.
  var raw: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: ptr, count: ptr == nil ? 0 : len)
  }
  /// The bytes as text; what is not UTF-8 becomes U+FFFD.
  var text: String { String(decoding: raw, as: UTF8.self) }
}

/// Lends bytes for one call.
func lend<R>(_ bytes: [UInt8], _ body: (kn_bytes) -> R) -> R {
  bytes.withUnsafeBytes { raw in
    body(kn_bytes(ptr: raw.bindMemory(to: CChar.self).baseAddress, len: raw.count))
  }
}

/// Lends a text for one call.
func lend<R>(_ text: String, _ body: (kn_bytes) -> R) -> R {
  var text = text
  return text.withUTF8 { utf8 in
    let raw = UnsafeRawBufferPointer(utf8)
    return body(kn_bytes(ptr: raw.bindMemory(to: CChar.self).baseAddress, len: raw.count))
  }
}
