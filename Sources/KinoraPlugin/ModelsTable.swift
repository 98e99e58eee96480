public import CKinoraPlugin

/// A provider that tells its models itself: the host asks for the list now and then, keeps it, and
/// puts it over the catalog. Extension `kinora.models/1`.
public protocol ListsModels {
  /// Members of the catalog's `models`, from the provider's answer; those of the catalog with the same
  /// id are replaced, the others stay. Same answer, same models. What is not understood is left out; a
  /// model whose price is not understood has none, and is made only for who says what it may cost.
  static func models(in list: JSON) throws(Failure) -> [JSON]
}

/// The C face of such a list: made once, never freed.
///
/// ```swift
/// private let models = ModelsTable(path: "/videos/models") { Runway.read($0, $1, $2) }
/// private let table = PluginTable(
///   Runway.manifest, extension: { models.answer($0) }, step: { Runway.step($0, $1) })
/// ```
public struct ModelsTable: @unchecked Sendable {
  // Written before anybody else can see it, read-only from then on.
  private let table: UnsafePointer<kn_models>

  /// `path` is under the base URL: a free GET that answers JSON. `read` must be a literal closure.
  public init(
    path: String, headers: Headers = [:],
    read:
      @escaping @convention(c) (
        kn_bytes, UnsafeMutableRawPointer?,
        (@convention(c) (UnsafeMutableRawPointer?, kn_bytes) -> Void)?
      ) -> kn_status
  ) {
    let fields = UnsafeMutablePointer<kn_header>.allocate(capacity: max(1, headers.fields.count))
    for (at, field) in headers.fields.enumerated() {
      (fields + at).initialize(
        to: kn_header(
          name: kn_bytes(ptr: forever(field.name), len: field.name.utf8.count),
          value: kn_bytes(ptr: forever(field.value), len: field.value.utf8.count)))
    }
    let made = UnsafeMutablePointer<kn_models>.allocate(capacity: 1)
    made.initialize(
      to: kn_models(
        struct_size: UInt32(MemoryLayout<kn_models>.size), reserved: 0, path: forever(path),
        headers: fields, header_count: headers.fields.count, read: read))
    table = UnsafePointer(made)
  }

  /// What a plugin's extension function returns for `id`: the table, or NULL for another extension.
  public func answer(_ id: UnsafePointer<CChar>?) -> UnsafeRawPointer? {
    id.map { String(cString: $0) } == KN_MODELS ? UnsafeRawPointer(table) : nil
  }
}

extension ListsModels {
  /// The C function of ``models(in:)``.
  public static func read(
    _ answer: kn_bytes, _ context: UnsafeMutableRawPointer?,
    _ write: (@convention(c) (UnsafeMutableRawPointer?, kn_bytes) -> Void)?
  ) -> kn_status {
    guard let write, let list = JSON(reading: answer.raw),
      let models = try? models(in: list)
    else { return kn_status(KN_UNSUPPORTED) }
    lend(JSON.array(models).bytes) { write(context, $0) }
    return kn_status(KN_OK)
  }
}
