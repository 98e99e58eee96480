import CCurl
import CSys
import Glibc
import KinoraModel

/// Brings one artifact of a job to a file: continued where an earlier try ended, checked against the
/// digest, renamed only when it is whole, and never over another file.
struct Download {
  let client: Client
  let signals: Signals?
  let job: Job
  let index: Int
  let path: String

  /// Where the bytes are until they are whole.
  private var part: String { "\(path).\(job.id)-\(index).part" }

  /// Where artifact `index` goes when the user said `output`, or nothing.
  static func path(_ output: String?, _ job: Job, _ index: Int) -> String {
    let mime = job.artifacts.indices.contains(index) ? job.artifacts[index]["mime"]?.string : nil
    let usual = job.id + (index == 0 ? "" : "-\(index)") + suffix(mime)
    guard let output else { return usual }
    if isFolder(output) { return output.hasSuffix("/") ? output + usual : "\(output)/\(usual)" }
    if index == 0 { return output }
    guard let dot = output.lastIndex(of: "."), !output[dot...].contains("/") else {
      return "\(output)-\(index)"
    }
    return "\(output[..<dot])-\(index)\(output[dot...])"
  }

  /// Throws when nothing can be written there: better known before a video is paid for. With `isNew`
  /// also when a file is there already.
  static func check(_ output: String?, isNew: Bool = false) throws(Failure) {
    if output == "" { throw .usage("-o needs a value: -o FILE") }
    if isNew, let output, !isFolder(output), access(output, F_OK) == 0 {
      throw .usage(
        "\(Shell.quoted(output)) exists and is not written over", "choose another name with -o")
    }
    let folder = output.map { isFolder($0) ? $0 : Files.folder($0) } ?? "."
    guard isFolder(folder) else { throw .usage("there is no folder \(Shell.quoted(folder))") }
    if access(folder, W_OK) != 0 {
      throw .system("cannot write into \(Shell.quoted(folder))", errno)
    }
  }

  /// Does it, calling `progress` with bytes so far and in all.
  func run(_ progress: (Int64, Int64?) -> Void) throws(Failure) {
    let artifact = job.artifacts.indices.contains(index) ? job.artifacts[index] : .null
    let digest = artifact["sha256"]?.string
    var awaySince: Milliseconds?
    while true {
      let file = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard file >= 0 else { throw .system("cannot write \(Shell.quoted(part))", errno) }
      defer { close(file) }
      let total = artifact["bytes"]?.integer
      var have = Int64(lseek(file, 0, SEEK_END))
      if digest == nil || have > total ?? have {
        ftruncate(file, 0)
        have = Int64(lseek(file, 0, SEEK_SET))
      }
      if case .whole(let digest) = try attempt(file, have, digest, total, progress) {
        return try finish(file, digest)
      }
      // Bytes came, or the daemon is away for less than a minute: go on from there.
      if Int64(lseek(file, 0, SEEK_END)) > have { awaySince = nil }
      let since = awaySince ?? Now.steady
      awaySince = since
      if Now.steady - since > Follower.patience { throw gaveUp() }
      try pause()
    }
  }

  private enum Attempt {
    /// All bytes are there; what their digest should be.
    case whole(String?)
    /// The connection ended before they were, or there was none.
    case cut
  }

  private func attempt(
    _ file: Int32, _ have: Int64, _ digest: String?, _ total: Int64?,
    _ progress: (Int64, Int64?) -> Void
  ) throws(Failure) -> Attempt {
    var request = Request.get("/v1/videos/\(job.id.escaped)/content?index=\(index)")
    request.timeout = 0
    if have > 0, let digest {
      if have == total { return .whole(digest) }
      request.headers = ["Range: bytes=\(have)-", "If-Range: \"\(digest)\""]
    }
    var got = have
    var failed: Int32 = 0
    var isFirst = true
    var status = { 0 }
    let transfer = try Transfer(request, socket: client.socket) { bytes in
      // A whole answer to a question for the rest: the file is another one now.
      if isFirst, status() == 200, have > 0 {
        ftruncate(file, 0)
        lseek(file, 0, SEEK_SET)
        got = 0
      }
      isFirst = false
      if !Files.append(file, Array(bytes)) {
        failed = errno
        return false
      }
      got += Int64(bytes.count)
      return true
    }
    status = { [unowned transfer] in transfer.status }
    let code = try client.run(transfer, signals: signals) { progress(got, total) }
    if failed != 0 { throw .system("cannot write \(Shell.quoted(part))", failed, .jobFailed) }
    let answer = Answer(status: transfer.status, body: transfer.received)
    if code != CURLE_OK || answer.status == 503 { return .cut }
    guard answer.isSuccess else { throw Problem.failure(answer) }
    progress(got, total)
    return .whole(Self.digest(transfer.header("etag")) ?? digest)
  }

  private func finish(_ file: Int32, _ expected: String?) throws(Failure) {
    if let expected, try digest(of: file) != expected {
      unlink(part)
      throw Failure(
        exit: .jobFailed, what: "the file of \(job.id) came damaged and was thrown away",
        todo: ["try again: kinora fetch \(job.id)"])
    }
    guard fsync(file) == 0 else {
      throw .system("cannot write \(Shell.quoted(path))", errno, .jobFailed)
    }
    if kn_rename_new(part, path) == 0 { return }
    let error = errno
    guard error == EEXIST else {
      throw .system("cannot write \(Shell.quoted(path))", error, .jobFailed)
    }
    // The same file again is what was asked for.
    if let expected, try isThere(expected) {
      unlink(part)
      return
    }
    unlink(part)
    throw Failure(
      exit: .usage, what: "\(Shell.quoted(path)) exists, is another file and is not written over",
      todo: ["choose another name: kinora fetch \(job.id) -o FILE"])
  }

  private func isThere(_ expected: String) throws(Failure) -> Bool {
    let other = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard other >= 0 else { return false }
    defer { close(other) }
    var info = stat()
    guard fstat(other, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return false }
    return try digest(of: other) == expected
  }

  private func digest(of file: Int32) throws(Failure) -> String {
    let digest = Digest()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var at: off_t = 0
    while true {
      let count = pread(file, &buffer, buffer.count, at)
      if count < 0 { throw .system("cannot read \(Shell.quoted(part))", errno, .jobFailed) }
      if count == 0 { return digest.end().hexadecimal }
      buffer[0..<count].withUnsafeBytes { digest.add($0) }
      at += off_t(count)
    }
  }

  private func gaveUp() -> Failure {
    Failure(
      exit: .unreachable, what: "the daemon is away for a minute; the file is not whole",
      todo: ["go on from there later: kinora fetch \(job.id)"])
  }

  private func pause() throws(Failure) {
    if let signals { try signals.wait(500) } else { usleep(500_000) }
  }

  /// The digest in an entity tag, when it is one.
  private static func digest(_ tag: String?) -> String? {
    guard let word = tag?.filter({ $0 != "\"" }), word.utf8.count == 64,
      word.hexadecimalBytes != nil
    else { return nil }
    return word
  }

  private static func isFolder(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  private static func suffix(_ mime: String?) -> String {
    switch mime {
    case "image/png": ".png"
    case "image/jpeg": ".jpg"
    case "image/webp": ".webp"
    case "video/webm": ".webm"
    case "audio/mpeg": ".mp3"
    default: ".mp4"
    }
  }
}
