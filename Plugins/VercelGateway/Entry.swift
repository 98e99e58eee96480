public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(VercelGateway.manifest) { VercelGateway.step($0, $1) }

/// What the host looks up by the file's name, `kinora-vercel-gateway.so`.
@c(kinora_plugin_vercel_gateway)
public func vercelGatewayEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
