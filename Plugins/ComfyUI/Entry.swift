public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(ComfyUI.manifest) { ComfyUI.step($0, $1) }

/// What the host looks up by the file's name, `kinora-comfyui.so`.
@c(kinora_plugin_comfyui)
public func comfyUIEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
