public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(OpenRouter.manifest) { OpenRouter.step($0, $1) }

/// What the host looks up by the file's name, `kinora-openrouter.so`.
@c(kinora_plugin_openrouter)
public func openRouterEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
