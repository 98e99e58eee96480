public import CKinoraPlugin
import KinoraPlugin

private let table = PluginTable(OpenAIVideos.manifest) { OpenAIVideos.step($0, $1) }

/// What the host looks up by the file's name, `kinora-openai-videos.so`.
@c(kinora_plugin_openai_videos)
public func openAIVideosEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? {
  table.answer(host)
}
