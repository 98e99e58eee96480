public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(Zai.manifest) { Zai.step($0, $1) }

/// What the host looks up by the file's name, `kinora-zai.so`.
@c(kinora_plugin_zai)
public func zaiEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
