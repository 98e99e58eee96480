public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(Custom.manifest) { Custom.step($0, $1) }

/// What the host looks up by the file's name, `kinora-custom.so`.
@c(kinora_plugin_custom)
public func customEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
