import Glibc
package import KinoraHTTP
package import KinoraModel

/// Text with media in it as base64, written piece by piece: 30 MB of answer cost 48 KiB of memory.
package struct MediaText: Sendable {
  private enum Piece: Sendable {
    case text([UInt8])
    case base64(MediaFile)
  }

  /// A stored file, open: it can be read to its end whatever is swept meanwhile.
  package final class MediaFile: Sendable {
    let descriptor: Int32
    let length: Int64
    /// Whose result it is.
    let record: JobRecord?

    /// Throws `artifactExpired` when there is no such file.
    package init(path: String, length: Int64, of record: JobRecord? = nil) throws(KinoraError) {
      descriptor = try StoredFile.open(path, bytes: length, of: record?.id)
      self.length = length
      self.record = record
    }

    deinit { close(descriptor) }
  }

  private var pieces: [Piece] = []

  init() {}

  /// Adds text as it is.
  mutating func text(_ text: String) { pieces.append(.text(Array(text.utf8))) }

  /// Adds bytes as they are.
  mutating func bytes(_ bytes: [UInt8]) { pieces.append(.text(bytes)) }

  /// Adds a file's bytes as base64 (RFC 4648 §4, padded, no line ends).
  mutating func base64(_ file: MediaFile) { pieces.append(.base64(file)) }

  /// How many bytes it is.
  package var length: Int64 {
    pieces.reduce(0) { sum, piece in
      switch piece {
      case .text(let bytes): sum + Int64(bytes.count)
      case .base64(let file): sum + (file.length + 2) / 3 * 4
      }
    }
  }

  /// The jobs whose files stand in it.
  var carried: [JobRecord] {
    pieces.compactMap { if case .base64(let file) = $0 { file.record } else { nil } }
  }

  /// Writes it. Throws `HTTPGone` when the client left; a file that cannot be read to its end ends
  /// the text early, which no reader of JSON takes for the whole.
  package func write(to stream: any HTTPStream) async throws(HTTPGone) {
    for piece in pieces {
      switch piece {
      case .text(let bytes): try await stream.write(bytes)
      case .base64(let file):
        var offset: Int64 = 0
        while offset < file.length {
          let bytes = await Self.read(file, at: offset)
          guard !bytes.isEmpty else { throw HTTPGone() }
          offset += Int64(bytes.count)
          try await stream.write(Base64Text.encode(bytes))
        }
      }
    }
  }

  /// A multiple of three, so that pieces join without padding between them.
  private static let pieceBytes = 48 * 1024

  /// Not on the loop's thread: a disk may be slow.
  private static func read(_ file: MediaFile, at offset: Int64) async -> [UInt8] {
    await withTaskExecutorPreference(globalConcurrentExecutor) {
      let wanted = Int(min(Int64(pieceBytes), file.length - offset))
      var filled = 0
      return [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        while filled < wanted, let base = buffer.baseAddress {
          let got = pread(file.descriptor, base + filled, wanted - filled, Int(offset) + filled)
          if got < 0, errno == EINTR { continue }
          guard got > 0 else { break }
          filled += got
        }
        // Short of a whole piece is an error: the piece would be padded in the middle.
        count = filled == wanted ? filled : 0
      }
    }
  }
}

/// Base64 in memory.
package enum Base64Text {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// RFC 4648 §4, padded.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    let length = (bytes.count + 2) / 3 * 4
    return [UInt8](unsafeUninitializedCapacity: length) { text, count in
      alphabet.withUnsafeBufferPointer { letters in
        bytes.withUnsafeBufferPointer { bytes in
          var (at, to) = (0, 0)
          while at < bytes.count {
            let rest = bytes.count - at
            let group =
              Int(bytes[at]) << 16 | (rest > 1 ? Int(bytes[at + 1]) << 8 : 0)
              | (rest > 2 ? Int(bytes[at + 2]) : 0)
            text[to] = letters[group >> 18]
            text[to + 1] = letters[group >> 12 & 63]
            text[to + 2] = rest > 1 ? letters[group >> 6 & 63] : UInt8(ascii: "=")
            text[to + 3] = rest > 2 ? letters[group & 63] : UInt8(ascii: "=")
            at += 3
            to += 4
          }
        }
      }
      count = length
    }
  }
}
