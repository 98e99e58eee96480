import Glibc
public import KinoraLoop
public import KinoraModel
import Synchronization

/// The curl program of this host, and whether it can do what is needed.
public final class CurlProgram: Sendable {
  /// Its absolute path.
  public let path: String
  private let loop: EventLoop
  private let known = Mutex<Known?>(nil)

  private struct Known {
    let stamp: Stamp
    let result: Result<String, KinoraError>
  }
  private struct Stamp: Equatable {
    let inode: UInt64
    let size: Int
    let seconds: Int
  }

  /// The program at `path`; nothing is run yet.
  public init(path: String, loop: EventLoop) {
    self.path = path
    self.loop = loop
  }

  /// The first line of `curl --version`, once for each file that lies there. Throws `unavailable` when
  /// it cannot be run or was built without HTTP/2, TLS or https.
  @discardableResult
  public func check() async throws(KinoraError) -> String {
    var info = stat()
    guard stat(path, &info) == 0 else { throw problem("does not exist") }
    let stamp = Stamp(inode: UInt64(info.st_ino), size: info.st_size, seconds: info.st_mtim.tv_sec)
    if let known = known.withLock({ $0 }), known.stamp == stamp { return try known.result.get() }
    let result: Result<String, KinoraError>
    do throws(KinoraError) {
      result = .success(try await version())
    } catch {
      result = .failure(error)
    }
    known.withLock { $0 = Known(stamp: stamp, result: result) }
    return try result.get()
  }

  private func version() async throws(KinoraError) -> String {
    let box = OutputBox()
    let child: ChildProcess
    do {
      child = try ChildProcess.spawn(
        on: loop, executable: path, arguments: ["-q", "--version"],
        onOutput: { bytes in box.text.withLock { $0 += bytes.prefix(max(0, 16_384 - $0.count)) } })
    } catch {
      throw problem("cannot be run: \(error)")
    }
    let exit = await child.exit
    guard exit.status == 0 else { throw problem("ends with \(exit.status) when asked --version") }
    let lines = String(decoding: box.text.withLock { $0 }, as: UTF8.self)
      .split(separator: "\n").map(String.init)
    func words(_ label: String) -> Set<Substring> {
      Set(lines.first { $0.hasPrefix(label) }?.split(separator: " ").dropFirst() ?? [])
    }
    let features = words("Features:")
    guard features.contains("HTTP2") else {
      throw problem("has no HTTP2: it was built without nghttp2; install Debian's curl")
    }
    guard features.contains("SSL"), words("Protocols:").contains("https") else {
      throw problem("has no https")
    }
    return lines.first ?? ""
  }

  private func problem(_ what: String) -> KinoraError {
    KinoraError(.unavailable, "curl \(what) (\(path))")
  }
}

/// Bytes that a loop's thread collects.
private final class OutputBox: Sendable {
  let text = Mutex<[UInt8]>([])
}
