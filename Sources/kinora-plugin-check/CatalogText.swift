import KinoraModel
import KinoraPluginHost

/// The catalog of a plugin for people and for tools: as it carries it, or with the provider's own list
/// of models put over it.
enum CatalogText {
  /// JSON text. Throws why the host would refuse the plugin, its catalog or the list.
  static func text(_ subject: Subject, _ answer: String?) throws(KinoraError) -> String {
    let plugin = try subject.plugin()
    guard let own = try? JSON.parse(plugin.catalogText) else {
      throw KinoraError(.configuration, "the catalog is not JSON")
    }
    guard let answer else { return own.text + "\n" }
    guard let list = plugin.modelList else {
      throw KinoraError(.configuration, "\(plugin.id) reads no list of models")
    }
    guard let bytes = WholeFile.read(answer) else {
      throw KinoraError(.notFound, "\(answer) cannot be read")
    }
    // Refused here just as the host refuses it.
    _ = try plugin.catalog(listing: bytes, on: "2026-10-01")
    return own.setting("models", .array(try list.models(bytes))).text + "\n"
  }
}
