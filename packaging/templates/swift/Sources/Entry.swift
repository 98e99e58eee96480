import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(@TYPE@Provider.manifest) { @TYPE@Provider.step($0, $1) }

/// What the host looks up by the file's name, `kinora-@NAME@.so`.
@c(kinora_plugin_@SYMBOL@)
public func pluginEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
