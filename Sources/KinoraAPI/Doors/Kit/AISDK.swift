import KinoraHTTP
import KinoraModel

/// The AI SDK (vercel/ai: packages/ai/src/util/download, packages/provider-utils) fetches the address of
/// a result by itself: without a key, and never from loopback or a private address. Its providers for
/// OpenRouter and Google are therefore answered with data URLs, which it takes as well.
extension Call {
  /// Every request of its providers says `ai-sdk/provider-utils/VERSION`.
  var isAISDK: Bool { (request.fields["user-agent"] ?? "").contains("ai-sdk/provider-utils/") }
}

extension APIService {
  /// The results of a completed job as data URLs; `holes` takes the files.
  func dataURLs(
    of record: JobRecord, _ holes: inout MediaHoles
  ) throws(KinoraError) -> [JSON] {
    var urls: [JSON] = []
    for (artifact, file) in try files(of: record) {
      urls.append(.string(holes.dataURL(artifact.mime, file)))
    }
    return urls
  }
}
