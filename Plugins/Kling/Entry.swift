public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(Kling.manifest) { Kling.step($0, $1) }

/// What the host looks up by the file's name, `kinora-kling.so`.
@c(kinora_plugin_kling)
public func klingEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
