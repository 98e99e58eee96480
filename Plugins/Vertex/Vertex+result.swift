import KinoraPlugin

/// What a finished operation holds: clips in a bucket, clips in the answer, or why there is none.
extension Vertex {
  func result(_ answer: JSON, _ response: Response, _ context: Context) throws(Failure) -> Output {
    let inner = answer["response"]
    var assets: [Asset] = []
    var handle: String?
    for (at, video) in inner["videos"].array.enumerated() {
      let mime = video["mimeType"].string ?? "video/mp4"
      if let uri = video["gcsUri"].string, let asset = object(uri, context) {
        assets.append(asset)
        handle = handle ?? uri
      } else if let asset = response.asset(
        at: "/response/videos/\(at)/bytesBase64Encoded", in: answer, mime: mime)
      {
        assets.append(asset)
      }
    }
    guard assets.isEmpty else { return Output(assets: assets, handle: handle) }
    let reasons = inner["raiMediaFilteredReasons"].array.compactMap(\.string)
    let words = Failure.cleaned(reasons.joined(separator: " "))
    guard words.isEmpty, inner["raiMediaFilteredCount"].int ?? 0 == 0 else {
      throw Failure(
        .refused, "content refused: \(words.isEmpty ? "the provider's filter took it" : words)")
    }
    throw Failure(.refused, "the operation is done and names no video that can be fetched")
  }

  /// `gs://BUCKET/OBJECT` as Cloud Storage's XML interface serves it, with the same token. Nil for
  /// what is no object.
  private func object(_ uri: String, _ context: Context) -> Asset? {
    guard uri.hasPrefix("gs://") else { return nil }
    let parts = uri.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 1, let bucket = parts.first.map(String.init), Place.isPlain(bucket),
      !parts.contains("."), !parts.contains(".."), parts.last != ""
    else { return nil }
    let path = parts.dropFirst().map { String($0).percentEncoded }.joined(separator: "/")
    let host = context.config["storage_url"].text ?? "https://storage.googleapis.com"
    return .url("\(host)/\(bucket)/\(path)", headers: ["authorization": bearer("token")])
  }
}
