public import CKinoraPlugin
public import KinoraModel

/// A plugin whose table was checked and that can be called.
///
/// It is never unloaded: closing a Swift library leaves pointers to its metadata behind, and the next
/// dynamic cast crashes (swiftlang/swift issue 75889).
public final class LoadedPlugin: @unchecked Sendable {
  // The table and all it points to live for the process and are never written (the ABI's rule), and
  // `step` may be called on any thread: hence unchecked.
  private let table: kn_plugin
  /// The name in configuration.
  public let name: String
  /// The plugin's own id.
  public let id: String
  /// Its version.
  public let version: String
  /// What it can do.
  public let catalog: Catalog
  /// The same as the plugin wrote it.
  public let catalogText: [UInt8]
  /// Where the provider's own list of models is, for a plugin that can read it.
  public let modelList: ModelList?

  /// Checks a table. Throws `configuration` with all that is wrong in one message.
  public init(table pointer: UnsafePointer<kn_plugin>, name: String) throws(KinoraError) {
    var problems: [String] = []
    let head = UnsafeRawPointer(pointer).load(as: TableHead.self)
    if head.magic != KN_MAGIC { problems.append("its table does not begin with KRN1") }
    if head.major != KN_ABI_MAJOR {
      problems.append("its table says ABI \(head.major), this host speaks \(LoadedPlugin.abi)")
    }
    // `capabilities` and `extension` may be added to by a newer minor; `step` is the last we need.
    if Int(head.size) < LoadedPlugin.smallestTable {
      problems.append(
        "its table has \(head.size) bytes, ABI 1.0 needs \(LoadedPlugin.smallestTable)")
    }
    guard problems.isEmpty else { throw LoadedPlugin.refused(problems) }
    table = copied(pointer, bytes: Int(head.size))
    self.name = name
    id = table.id.map { String(cString: $0) } ?? ""
    version = table.version.map { String(cString: $0) } ?? ""
    let isWellFormed =
      id.contains(".")
      && id.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x61...0x7a, 0x2d, 0x2e: true
        default: false
        }
      }
    if !isWellFormed || id.utf8.count > 128 {
      problems.append("its id \"\(printable(id))\" is not like net.example.name")
    }
    if version.isEmpty || version.utf8.count > 64 { problems.append("it has no version") }
    if table.step == nil { problems.append("it has no step function") }
    var parsed: Catalog?
    if table.catalog.raw.count > PluginLimits.catalogBytes {
      problems.append("its catalog is longer than \(PluginLimits.catalogBytes) bytes")
    } else {
      do throws(KinoraError) {
        parsed = try Catalog.parse(Array(table.catalog.raw))
      } catch {
        problems.append(error.message)
      }
    }
    modelList = ModelList(table, &problems)
    guard problems.isEmpty, let parsed else { throw LoadedPlugin.refused(problems) }
    catalog = parsed
    catalogText = Array(table.catalog.raw)
  }

  /// One step. Throws `pluginFault` when the plugin broke its contract. Nothing is journalled or
  /// counted here; ``PluginRegistry`` does both.
  public func step(_ event: PluginEvent) throws(KinoraError) -> PluginStep {
    let recorder = StepRecorder()
    var status = kn_status(KN_BUG)
    lend(event) { event in
      recorder.withOut { out in
        if let step = table.step { status = step(event, out) }
      }
    }
    return try recorder.finish(status, plugin: "\(id) \(version)")
  }

  /// The table's step function as it is.
  func rawStep(_ event: UnsafePointer<kn_event>?, _ out: UnsafePointer<kn_out>?) -> kn_status {
    table.step.map { $0(event, out) } ?? kn_status(KN_BUG)
  }

  /// `1.0`.
  static var abi: String { "\(KN_ABI_MAJOR).\(KN_ABI_MINOR)" }
  private static let smallestTable = 72

  private static func refused(_ problems: [String]) -> KinoraError {
    KinoraError(.configuration, problems.joined(separator: "; "))
  }
}

/// The four words of a table that never move.
private struct TableHead {
  var magic: UInt32
  var major: UInt32
  var minor: UInt32
  var size: UInt32
}
