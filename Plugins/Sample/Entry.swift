public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(Sample.manifest) { Sample.step($0, $1) }

/// What the host looks up by the file's name, `kinora-sample.so`.
@c(kinora_plugin_sample)
public func sampleEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
