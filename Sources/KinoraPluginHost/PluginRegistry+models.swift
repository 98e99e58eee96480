public import KinoraModel

extension PluginRegistry {
  /// A plugin's catalog with the models of its provider's own list; guarded and counted as a step is.
  /// Throws `unavailable` when the plugin is not loaded, `providerProtocol`, `configuration` or
  /// `pluginFault` when nothing can be made of the answer.
  public func catalog(
    plugin name: String, listing answer: [UInt8], on day: String
  ) throws(KinoraError) -> Catalog {
    try guarded(name) { (plugin) throws(KinoraError) in try plugin.catalog(listing: answer, on: day)
    }
  }
}
