public import CKinoraPlugin

/// The C face of one provider: made once, when the host asks for it, never freed.
///
/// ```swift
/// private let table = PluginTable(Runway.manifest) { Runway.step($0, $1) }
///
/// @c(kinora_plugin_runway)
/// public func runwayEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
///   table.answer(host)
/// }
/// ```
public struct PluginTable: @unchecked Sendable {
  // Written before anybody else can see it, read-only from then on.
  private let table: UnsafePointer<kn_plugin>

  /// The table of a provider. `step` and `extension` must be literal closures, so that they become C
  /// functions; `extension` answers with a ``ModelsTable`` where there is one.
  public init(
    _ manifest: Manifest,
    extension: (@convention(c) (UnsafePointer<CChar>?) -> UnsafeRawPointer?)? = nil,
    step:
      @escaping @convention(c) (UnsafePointer<kn_event>?, UnsafePointer<kn_out>?) -> kn_status
  ) {
    let made = UnsafeMutablePointer<kn_plugin>.allocate(capacity: 1)
    made.initialize(
      to: kn_plugin(
        magic: KN_MAGIC, abi_major: KN_ABI_MAJOR, abi_minor: KN_ABI_MINOR,
        struct_size: UInt32(MemoryLayout<kn_plugin>.size), id: forever(manifest.id),
        name: forever(manifest.name), version: forever(manifest.version),
        catalog: kn_bytes(ptr: forever(manifest.catalog), len: manifest.catalog.utf8.count),
        capabilities: 0, step: step, extension: `extension`))
    table = UnsafePointer(made)
  }

  /// What the entry function returns: the table, or NULL for a host of another ABI.
  public func answer(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
    guard let host else { return nil }
    let known = sized(host, as: kn_host.self)
    return known.abi_major == KN_ABI_MAJOR ? table : nil
  }
}

/// A NUL-terminated copy for the life of the process.
func forever(_ text: String) -> UnsafePointer<CChar> {
  let bytes = text.utf8CString
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
  for (i, byte) in bytes.enumerated() { copy[i] = byte }
  return UnsafePointer(copy)
}
