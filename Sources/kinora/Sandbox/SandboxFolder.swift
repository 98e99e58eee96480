import CSys
import Glibc
import KinoraModel

/// The sandbox's folder: where everything of one sandbox lies.
struct SandboxFolder {
  let path: String
  /// The daemon's socket; outside of the folder when that is too deep.
  let socket: String
  private let lock: Int32

  var state: String { "\(path)/state" }
  var keys: String { "\(path)/keys" }
  var front: String { "\(path)/nginx" }
  var simulator: String { "\(path)/sim" }
  var configuration: String { "\(path)/kinora.yaml" }
  var environment: String { "\(path)/env" }
  var daemonLog: String { "\(path)/kinorad.log" }
  var simulatorLog: String { "\(path)/sim.log" }

  /// Makes or opens it, and locks it for this process.
  init(_ path: String) throws(Failure) {
    try Files.makeFolders(path)
    let real = realpath(path, nil)
    defer { free(real) }
    self.path = real.map { String(cString: $0) } ?? path
    lock = open("\(self.path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if lock < 0 { throw .system("cannot write in \(self.path)", errno) }
    if kn_flock(lock) != 0 {
      throw Failure(
        exit: .jobFailed, what: "another sandbox uses \(self.path)",
        todo: ["take another folder: kinora sandbox --dir DIR"])
    }
    socket = try Self.socket(in: self.path)
    for folder in [state, keys, front, simulator] { try Files.makeFolders(folder) }
    unlink(environment)
  }

  /// Where it is when `--dir` is not given.
  static func usual() throws(Failure) -> String {
    if let base = Environment["XDG_STATE_HOME"], base.hasPrefix("/") {
      return "\(base)/kinora-sandbox"
    }
    guard let home = Environment["HOME"], home.hasPrefix("/") else {
      throw .usage("HOME is not set", "say where: kinora sandbox --dir DIR")
    }
    return "\(home)/.local/state/kinora-sandbox"
  }

  private static func socket(in path: String) throws(Failure) -> String {
    let usual = "\(path)/kinora.sock"
    if usual.utf8.count <= Client.longestSocketPath { return usual }
    // FNV-1a, so that the same folder finds the same socket again.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let folder = "/tmp/kinora-\(getuid())-\(String(hash, radix: 16))"
    mkdir(folder, 0o700)
    var info = stat()
    guard lstat(folder, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == getuid(),
      info.st_mode & 0o077 == 0
    else { throw .usage("\(folder) is not a folder of yours alone", "take a shorter --dir") }
    Console.error(
      "kinora sandbox: \(usual) has more than \(Client.longestSocketPath) bytes; "
        + "the socket is \(folder)/kinora.sock")
    return "\(folder)/kinora.sock"
  }

  /// Takes the socket away, and the folder that was made for it alone.
  func removeSocket() {
    unlink(socket)
    if Files.folder(socket) != path { rmdir(Files.folder(socket)) }
  }

  /// A made-up key, the same at every start.
  func key(_ name: String) throws(Failure) -> String {
    let file = "\(keys)/\(name)"
    if !Files.exists(file) {
      try Files.replace(file, "sk-sandbox-\(name)-\(randomToken(bytes: 16))\n")
    }
    return file
  }

  /// A port that an earlier start had.
  func port(_ name: String) -> UInt16? {
    Files.text("\(path)/port.\(name)").flatMap { UInt16($0.filter { $0 != "\n" }) }
  }

  func remember(port: UInt16, _ name: String) throws(Failure) {
    try Files.replace("\(path)/port.\(name)", "\(port)\n")
  }
}
