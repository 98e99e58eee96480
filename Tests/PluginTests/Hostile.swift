import CSys
import Glibc
import KinoraModel
import KinoraPluginHost

/// Plugins that do wrong things, made by `cc` where a test needs a real file.
enum Hostile {
  /// A plugin in C whose step is `body`; `e` is the event, `o` the table of callbacks.
  static func source(
    name: String = "odd", id: String = "net.example.odd", note: String = "KN_NOTE(0);",
    head: String = "KN_MAGIC, KN_ABI_MAJOR, KN_ABI_MINOR, sizeof(kn_plugin)",
    entry: String? = nil, version: String = "1.0.0", extension table: String = "0",
    accepts: String = "h->abi_major == KN_ABI_MAJOR", step body: String
  ) -> String {
    """
    #include "kinora_plugin.h"
    #include <signal.h>
    #include <stdlib.h>
    #include <string.h>
    #define TEXT(s) ((kn_bytes){ s, sizeof(s) - 1 })
    \(note)
    static kn_status step(const kn_event *e, const kn_out *o) { (void)e; (void)o; \(body) }
    static const char catalog[] = "{\\"hosts\\":[],\\"base_url\\":\\"https://api.example.test\\","
      "\\"models\\":[{\\"id\\":\\"m\\",\\"kinds\\":[\\"image\\"]}]}";
    static const kn_plugin plugin = { \(head), "\(id)", "Odd", "\(version)",
      { catalog, sizeof catalog - 1 }, 0, step, \(table) };
    KN_EXPORT const kn_plugin *\(entry ?? "kinora_plugin_\(name)")(const kn_host *h) {
      return \(accepts) ? &plugin : 0;
    }
    """
  }

  /// A request with a method, a URL and one field.
  static func sends(method: String = "GET", url: String, name: String = "x", value: String = "y")
    -> String
  {
    """
    kn_header h = { TEXT("\(name)"), TEXT("\(value)") };
    o->send(o->ctx, &(kn_request){ .struct_size = sizeof(kn_request), .flags = KN_IDEMPOTENT,
      .method = TEXT("\(method)"), .url = TEXT("\(url)"), .headers = &h, .header_count = 1 });
    return KN_OK;
    """
  }

  /// Compiles to `FOLDER/kinora-NAME.so` and gives the path.
  @discardableResult
  static func compile(_ source: String, as name: String = "odd", in folder: String) async throws
    -> String
  {
    let path = "\(folder)/kinora-\(name).so"
    let text = "\(folder)/\(name).c"
    try write(source, to: text)
    try await run(
      "/usr/bin/cc",
      [
        "-std=c11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden",
        "-Wl,--version-script=\(Linked.root)/Plugins/exports.map", "-Wl,-z,nodelete", "-Wl,-z,now",
        "-I\(Linked.root)/Sources/CKinoraPlugin/include", text, "-o", path,
      ])
    guard chmod(path, 0o755) == 0 else { throw KinoraError(.storeFailed, "chmod \(path)") }
    return path
  }

  /// The C plugin that ships, built as a third party would.
  static func still(as name: String = "still", in folder: String) async throws -> String {
    guard let file = fopen("\(Linked.root)/Plugins/Still/still.c", "r") else {
      throw KinoraError(.notFound, "still.c")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    let count = fread(&bytes, 1, bytes.count, file)
    return try await compile(
      String(decoding: bytes[..<count], as: UTF8.self), as: name, in: folder)
  }

  /// Compiles, checks and loads; refusals are thrown as `configuration`.
  static func plugin(_ step: String) async throws -> LoadedPlugin {
    let folder = try Linked.temporaryFolder()
    return try PluginFile(await compile(source(step: step), in: folder)).open()
  }

  static func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "w") else { throw KinoraError(.storeFailed, path) }
    defer { fclose(file) }
    _ = fwrite(text, 1, text.utf8.count, file)
  }

  /// Runs a program to its end without holding a thread; throws with its status unless that is
  /// `expecting`.
  static func run(_ program: String, _ arguments: [String], expecting: Int32 = 0) async throws {
    let status = try await status(of: program, arguments)
    guard status == expecting else {
      throw KinoraError(.internalError, "\(program) ended with \(status)")
    }
  }

  /// The exit status, or minus the signal. `output` becomes its stdout.
  static func status(of program: String, _ arguments: [String], output: Int32 = -1) async throws
    -> Int32
  {
    let words = [program] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { $0.withCString { strdup($0) } } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin"), nil]
    defer { for text in argv + envp { free(text) } }
    var pid = pid_t()
    let failed = kn_spawn(&pid, program, &argv, &envp, [-1, output, -1], [], 0)
    guard failed == 0 else { throw KinoraError(.internalError, "\(program): errno \(failed)") }
    let watch = kn_pidfd_open(pid)
    defer { close(watch) }
    while true {
      var ended = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
      if poll(&ended, 1, 0) > 0 { return kn_wait(pid) }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// An event for a plugin of `source`.
  static func event(_ kind: PluginEvent.Kind = .begin, state: String = "") -> PluginEvent {
    PluginEvent(
      kind: kind, phase: .begin, attempt: 1, ordinal: 0, now: 1_790_000_000_000,
      seed: Array(0..<16),
      job: Array(#"{"id":"video_1","model":"m","kind":"image","prompt":"p"}"#.utf8),
      config: Array(#"{"base_url":"https://api.example.test"}"#.utf8), state: Array(state.utf8))
  }
}
