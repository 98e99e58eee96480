import Glibc
import KinoraModel

/// Decodes a file of base64 into another file, a piece at a time.
struct Base64File {
  let from: String
  let to: String
  let faults: FaultHooks

  func decode() throws(KinoraError) {
    let source = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard source >= 0 else {
      throw KinoraError(.storeFailed, "\(from): \(describe(errno: errno))")
    }
    defer { close(source) }
    let target = try NewFile(to, faults)
    var decoder = Base64Decoder()
    var piece = [UInt8](repeating: 0, count: Adoption.pieceBytes)
    var out: [UInt8] = []
    out.reserveCapacity(Adoption.pieceBytes)
    while true {
      let (count, code) = piece.withUnsafeMutableBytes { raw in
        let count = read(source, raw.baseAddress, raw.count)
        return (count, errno)
      }
      if count < 0 && code == EINTR { continue }
      guard count >= 0 else {
        throw KinoraError(.storeFailed, "read \(from): \(describe(errno: code))")
      }
      out.removeAll(keepingCapacity: true)
      do throws(Base64Decoder.Fault) {
        if count == 0 {
          try decoder.finish(into: &out)
        } else {
          try decoder.decode(piece[..<count], into: &out)
        }
      } catch {
        throw KinoraError(.assetUnusable, "inline media that is not base64: \(error.reason)")
      }
      try target.write(out)
      if count == 0 { return }
    }
  }
}
