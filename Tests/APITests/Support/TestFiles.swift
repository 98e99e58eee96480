import Glibc
import KinoraModel
import Synchronization

/// Files by content in a folder that goes with the test.
final class TestFiles: ArtifactStore {
  let folder: String
  private let names = Atomic<Int>(0)
  let free = Mutex<Int64>(1 << 40)

  init() {
    var template = Array("/tmp/kn-api.XXXXXX".utf8CString)
    folder = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
  }

  deinit {
    for name in entries { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  /// Names of all files that lie there now.
  var entries: [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  func temporaryPath() -> String {
    "\(folder)/tmp\(names.wrappingAdd(1, ordering: .relaxed).newValue)"
  }

  func adopt(path: String, expected: String?) async throws(KinoraError) -> Artifact {
    defer { unlink(path) }
    return try keep(Self.read(path))
  }

  func adopt(base64 path: String, expected: String?) async throws(KinoraError) -> Artifact {
    defer { unlink(path) }
    guard let bytes = Base64.decode(Self.read(path)) else {
      throw KinoraError(.badMedia, "not base64")
    }
    return try keep(bytes)
  }

  func adopt(dataURL: String, expected: String?) async throws(KinoraError) -> Artifact {
    let text = dataURL.split(separator: ",", maxSplits: 1).last ?? ""
    guard let bytes = Base64.decode(Array(text.utf8)) else {
      throw KinoraError(.badMedia, "not base64")
    }
    return try keep(bytes)
  }

  private func keep(_ bytes: [UInt8]) throws(KinoraError) -> Artifact {
    guard bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) else {
      throw KinoraError(.badMedia, "the bytes are no image")
    }
    let name = Digest.of(bytes)
    Self.write(bytes, to: "\(folder)/\(name)")
    return Artifact(sha256: name, bytes: Int64(bytes.count), mime: "image/png")
  }

  func path(sha256: String) -> String? {
    let path = "\(folder)/\(sha256)"
    return access(path, R_OK) == 0 ? path : nil
  }

  func freeBytes() -> Int64 { free.withLock { $0 } }
  func freeFloor() -> Int64 { Limits.freeDiskFloor }

  static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 {
      bytes += piece[..<count]
    }
    return bytes
  }
}

/// 64 bits that stand for a SHA-256 here.
enum Digest {
  static func of(_ bytes: [UInt8]) -> String {
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 64 - text.count) + text
  }
}

/// RFC 4648 §4.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let bits = part.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for at in 0..<4 {
        let isPadding = at > part.count
        out.append(isPadding ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * at) & 63])
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var out: [UInt8] = []
    var bits = 0
    var count = 0
    for byte in text where byte != UInt8(ascii: "=") {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      bits = (bits << 6 | value) & 0xffff
      count += 6
      if count >= 8 {
        count -= 8
        out.append(UInt8(bits >> count & 255))
      }
    }
    return out
  }
}
