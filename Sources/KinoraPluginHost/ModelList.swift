import CKinoraPlugin
public import KinoraModel

/// A plugin's extension `kinora.models/1`: the provider's own list of models, and how to read it.
///
/// The table it points to lives for the process and is never written, `read` may be called on any
/// thread: hence unchecked.
public struct ModelList: @unchecked Sendable {
  /// Under the base URL.
  public let path: String
  /// Fields of the request; values may hold placeholders.
  public let fields: [(name: String, value: String)]
  private let read:
    @convention(c) (
      kn_bytes, UnsafeMutableRawPointer?,
      (@convention(c) (UnsafeMutableRawPointer?, kn_bytes) -> Void)?
    ) -> kn_status

  /// Asks a plugin for it; nil when it has none, and a problem more when what it has is wrong.
  init?(_ plugin: kn_plugin, _ problems: inout [String]) {
    guard let answer = plugin.extension?(KN_MODELS) else { return nil }
    let table = sized(answer.assumingMemoryBound(to: kn_models.self))
    let path = table.path.map { String(cString: $0) } ?? ""
    let isPath = path.hasPrefix("/") && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    guard let read = table.read, isPath else {
      problems.append("its \(KN_MODELS) has no function, or no path that begins with /")
      return nil
    }
    self.read = read
    self.path = path
    var fields: [(name: String, value: String)] = []
    let count = table.headers == nil ? 0 : min(table.header_count, PluginLimits.fields)
    for at in 0..<count {
      fields.append((table.headers[at].name.text ?? "", table.headers[at].value.text ?? ""))
    }
    self.fields = fields
  }

  /// The request that asks for it.
  public func request(_ baseURL: String) -> ProviderRequest {
    ProviderRequest(
      method: "GET", url: baseURL + path, fields: fields, isIdempotent: true, timeout: 30_000,
      maxBody: UInt32(PluginLimits.catalogBytes))
  }

  /// The models that the provider's answer names, as a catalog writes them. Throws `providerProtocol`
  /// for an answer that the plugin cannot read, `pluginFault` when it broke its contract.
  public func models(_ answer: [UInt8]) throws(KinoraError) -> [JSON] {
    let sink = Sink()
    let status = withExtendedLifetime(sink) {
      answer.withUnsafeBytes { raw in
        read(
          kn_bytes(ptr: raw.bindMemory(to: CChar.self).baseAddress, len: raw.count),
          Unmanaged.passUnretained(sink).toOpaque()
        ) { context, bytes in
          guard let context else { return }
          Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue().write(bytes)
        }
      }
    }
    guard status == kn_status(KN_OK) else {
      throw KinoraError(.providerProtocol, "the plugin cannot read the provider's list of models")
    }
    guard sink.count == 1, sink.bytes.count <= PluginLimits.catalogBytes,
      let models = (try? JSON.parse(sink.bytes))?.array
    else {
      throw KinoraError(.pluginFault, "the plugin wrote no list of models, or more than one")
    }
    return models
  }

  private final class Sink {
    var bytes: [UInt8] = []
    var count = 0

    func write(_ bytes: kn_bytes) {
      count += 1
      self.bytes = Array(bytes.raw)
    }
  }
}

extension LoadedPlugin {
  /// The catalog with the models of a provider's own list, read on `day`, over its own. Throws as
  /// ``ModelList`` does, and `configuration` naming the member when one of them is no model.
  public func catalog(listing answer: [UInt8], on day: String) throws(KinoraError) -> Catalog {
    guard let modelList else { return catalog }
    return try Catalog.parse(catalogText, listing: try modelList.models(answer), on: day)
  }
}
