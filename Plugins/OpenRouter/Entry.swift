public import CKinoraPlugin
import KinoraPlugin

private let models = ModelsTable(path: "/videos/models") { OpenRouter.read($0, $1, $2) }
private let table = PluginTable(
  OpenRouter.manifest, extension: { models.answer($0) }, step: { OpenRouter.step($0, $1) })

/// What the host looks up by the file's name, `kinora-openrouter.so`.
@c(kinora_plugin_openrouter)
public func openRouterEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
