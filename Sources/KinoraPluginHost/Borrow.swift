import CKinoraPlugin

extension kn_bytes {
  /// The bytes, borrowed. A null pointer with a length is read as empty.
  var raw: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: ptr, count: ptr == nil ? 0 : len)
  }
  /// The bytes as text, or nil when they are not UTF-8.
  var text: String? { String(validating: raw.bindMemory(to: UInt8.self), as: UTF8.self) }
}

/// A zeroed copy of the first `bytes` bytes of a struct, at most all of it.
func copied<T>(_ pointer: UnsafePointer<T>, bytes: Int) -> T {
  withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { copy in
    let raw = UnsafeMutableRawBufferPointer(copy)
    raw.initializeMemory(as: UInt8.self, repeating: 0)
    raw.copyMemory(
      from: UnsafeRawBufferPointer(start: pointer, count: min(bytes, MemoryLayout<T>.size)))
    return copy[0]
  }
}

/// The same for a struct that begins with its own size.
func sized<T>(_ pointer: UnsafePointer<T>) -> T {
  copied(pointer, bytes: Int(UnsafeRawPointer(pointer).load(as: UInt32.self)))
}

/// Words of a plugin for people: one line without control characters, cut at the limit.
func printable(_ text: String) -> String {
  var line = ""
  for scalar in text.unicodeScalars {
    guard line.utf8.count < PluginLimits.wordsBytes else { return line + "…" }
    let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    line.unicodeScalars.append(isControl ? " " : scalar)
  }
  return line
}
