public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(Vertex.manifest) { Vertex.step($0, $1) }

/// What the host looks up by the file's name, `kinora-vertex.so`.
@c(kinora_plugin_vertex)
public func vertexEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
