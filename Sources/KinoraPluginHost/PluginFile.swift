import CKinoraPlugin
import Glibc
public import KinoraModel

/// One file that may be a plugin, and the way from there to a table that can be called.
public struct PluginFile: Sendable, Equatable {
  /// Which bytes they were: changes with every replacement of the file.
  struct Identity: Sendable, Equatable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var changed: Int64

    /// One word for a text file.
    var text: String { "\(device).\(inode).\(size).\(changed)" }

    init?(_ path: String) {
      var facts = stat()
      guard stat(path, &facts) == 0 else { return nil }
      device = UInt64(facts.st_dev)
      inode = UInt64(facts.st_ino)
      size = Int64(facts.st_size)
      changed = Int64(facts.st_mtim.tv_sec) * 1_000_000_000 + Int64(facts.st_mtim.tv_nsec)
    }
  }

  /// Absolute path.
  public let path: String
  /// The name in configuration: the file's stem without `lib` and `kinora-`.
  public let name: String

  /// A file by its path.
  public init(_ path: String) {
    self.path = path
    var stem = path.split(separator: "/").last.map(String.init) ?? ""
    if stem.hasSuffix(".so") { stem.removeLast(3) }
    for prefix in ["lib", "kinora-"] where stem.hasPrefix(prefix) {
      stem.removeFirst(prefix.count)
    }
    name = stem
  }

  /// The one function the file must export.
  public var entry: String {
    "kinora_plugin_" + String(name.map { $0 == "-" ? "_" : $0 })
  }

  /// Why a file is not loaded.
  public struct Refusal: Error, Sendable {
    /// The state to show.
    public var state: PluginInfo.State
    /// All that differs, and how to mend it.
    public var detail: String
  }

  /// Checks what can be checked without running a line of the file: trust, checksum, ELF, note.
  public func inspect(trust: TrustRule, sha256 wanted: String?) throws(Refusal) {
    let problems = trust.problems(path)
    guard problems.isEmpty else {
      throw Refusal(state: .untrusted, detail: problems.joined(separator: "; "))
    }
    let fd = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard fd >= 0 else {
      throw Refusal(
        state: .untrusted, detail: "\(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(fd) }
    guard let bytes = Disk.read(fd, limit: PluginLimits.fileBytes) else {
      throw Refusal(state: .untrusted, detail: "\(path) cannot be read whole")
    }
    if let wanted {
      let found = KinoraPluginHost.sha256(bytes)
      guard found == wanted.lowercased() else {
        throw Refusal(
          state: .untrusted,
          detail: "its sha256 is \(found), the configuration says \(wanted): put the file back, or "
            + "change the configuration when the new file is meant")
      }
    }
    try inspect(ELFFile(bytes))
  }

  private func inspect(_ file: ELFFile) throws(Refusal) {
    if let problem = file.problem { throw Refusal(state: .incompatible, detail: problem) }
    guard let note = file.note else {
      throw Refusal(
        state: .incompatible,
        detail: "it has no kinora note, so it is no plugin: write KN_NOTE(0); into its C source or "
          + "link the Swift SDK")
    }
    var problems: [String] = []
    if note.major != KN_ABI_MAJOR {
      problems.append(
        "it is built for ABI \(note.major), this host speaks \(LoadedPlugin.abi): rebuild it against "
          + "kinora_plugin.h \(KN_ABI_MAJOR).x")
    }
    if note.runtime != 0, note.runtime != Runtime.number {
      problems.append(
        "it is built with \(Runtime.name(note.runtime)), this host with "
          + "\(Runtime.name(Runtime.number)): rebuild it with that toolchain, since Swift has no "
          + "stable ABI on Linux")
    }
    let exports = file.exports.filter { $0.hasPrefix("kinora_plugin_") }
    guard problems.isEmpty else {
      throw Refusal(state: .incompatible, detail: problems.joined(separator: "; "))
    }
    // Looked for before the file is mapped, so that a misnamed one runs no constructor either.
    guard exports.contains(entry) else {
      let found = exports.isEmpty ? "none at all" : exports.joined(separator: ", ")
      throw Refusal(
        state: .missingEntry,
        detail: "it must export \(entry), by its file's name; it exports \(found): rename the file "
          + "or the function, and mark it KN_EXPORT")
    }
  }

  /// Maps the file and asks it for its table. Call `inspect` first. `hostBytes` is for tests: the size
  /// of a host of another version.
  public func open(hostBytes: Int? = nil) throws(Refusal) -> LoadedPlugin {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
      let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
      throw Refusal(state: .incompatible, detail: "it cannot be linked: \(printable(reason))")
    }
    guard let symbol = dlsym(handle, entry) else {
      throw Refusal(state: .missingEntry, detail: "it must export \(entry), by its file's name")
    }
    let function = unsafeBitCast(symbol, to: Entry.self)
    let host = hostBytes.flatMap { GuardedHost($0) }
    let asked = withExtendedLifetime(host) {
      function(host?.pointer ?? HostTable.shared.pointer)
    }
    guard let table = asked else {
      throw Refusal(
        state: .incompatible,
        detail: "it declined ABI \(LoadedPlugin.abi): it needs a newer host, or is built for an "
          + "older one")
    }
    do throws(KinoraError) {
      return try LoadedPlugin(table: table, name: name)
    } catch {
      throw Refusal(state: .incompatible, detail: error.message)
    }
  }

  private typealias Entry =
    @convention(c) (UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>?
}

/// What every plugin is given once; it lives for the process.
private final class HostTable: @unchecked Sendable {
  // Written here, read-only afterwards: hence unchecked.
  static let shared = HostTable()
  let pointer: UnsafePointer<kn_host>

  private init() {
    let table = UnsafeMutablePointer<kn_host>.allocate(capacity: 1)
    table.initialize(
      to: kn_host(
        struct_size: UInt32(MemoryLayout<kn_host>.size), abi_major: KN_ABI_MAJOR,
        abi_minor: KN_ABI_MINOR, reserved: 0, ctx: nil, extension: { _, _ in nil }))
    pointer = UnsafePointer(table)
  }
}
