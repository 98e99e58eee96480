import CKinoraPlugin
import ComfyUIPlugin
import CustomPlugin
import Glibc
import GooglePlugin
import KinoraModel
import KinoraPluginHost
import KlingPlugin
import OpenAIVideosPlugin
import OpenRouterPlugin
import SamplePlugin
import StillPlugin
import Synchronization
import VercelGatewayPlugin
import VertexPlugin
import ZaiPlugin

/// The shipped plugins as they are linked into the tests: the same code as in the `.so` files.
enum Linked {
  typealias Entry = @Sendable (UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>?

  static let entries: [(folder: String, entry: Entry)] = [
    ("Sample", { sampleEntry($0) }), ("Still", { kinora_plugin_still($0) }),
    ("OpenRouter", { openRouterEntry($0) }), ("Google", { googleEntry($0) }),
    ("Vertex", { vertexEntry($0) }),
    ("ComfyUI", { comfyUIEntry($0) }),
    ("OpenAIVideos", { openAIVideosEntry($0) }), ("Zai", { zaiEntry($0) }),
    ("Custom", { customEntry($0) }),
    ("Kling", { klingEntry($0) }), ("VercelGateway", { vercelGatewayEntry($0) }),
  ]

  static func plugin(_ folder: String) throws -> LoadedPlugin {
    guard let entry = entries.first(where: { $0.folder == folder })?.entry else {
      throw KinoraError(.notFound, "no plugin \(folder) is linked")
    }
    var host = kn_host()
    host.struct_size = UInt32(MemoryLayout<kn_host>.size)
    host.abi_major = KN_ABI_MAJOR
    host.abi_minor = KN_ABI_MINOR
    guard let table = entry(&host) else {
      throw KinoraError(.configuration, "\(folder) declined the host")
    }
    return try LoadedPlugin(table: table, name: folder.lowercased())
  }

  /// The folder of the sources, from this file's place.
  static var root: String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
  }

  /// The folder of the built programs and libraries: the one of the test program.
  static var products: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(
      decoding: buffer.prefix(max(count, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
  }

  /// A folder of its own, for one test; gone when the test program ends.
  static func temporaryFolder() throws -> String {
    var template = Array("/tmp/kinora-plugin-test.XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else { throw KinoraError(.storeFailed, "mkdtemp") }
    return Leftovers.shared.keep(String(cString: path))
  }
}

/// Folders to remove at the end: exit tests and running registries still need them before.
private final class Leftovers: Sendable {
  static let shared = Leftovers()
  private let folders = Mutex<[String]>([])

  private init() { atexit { Leftovers.shared.remove() } }

  func keep(_ folder: String) -> String {
    folders.withLock { $0.append(folder) }
    return folder
  }

  // No test makes a folder inside its own.
  private func remove() {
    for folder in folders.withLock({ $0 }) {
      guard let stream = opendir(folder) else { continue }
      while let entry = readdir(stream) {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
          name.withMemoryRebound(to: CChar.self, capacity: 256) {
            _ = unlinkat(dirfd(stream), $0, 0)
          }
        }
      }
      closedir(stream)
      rmdir(folder)
    }
  }
}
