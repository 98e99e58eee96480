public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(Google.manifest) { Google.step($0, $1) }

/// What the host looks up by the file's name, `kinora-google.so`.
@c(kinora_plugin_google)
public func googleEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
