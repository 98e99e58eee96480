import KinoraModel

/// An operation as polls show it: a name alone until it is done.
struct VeoOperation {
  private static let filtered =
    "Sorry, we can't create videos with input that may violate our usage guidelines. "
    + "Support codes: 15236754"

  let job: Job
  let stage: Stage
  /// Name, and the error of a failed operation.
  let json: JSON

  init(_ job: Job, _ stage: Stage, _ name: String) {
    self.job = job
    self.stage = stage
    let pending: JSON = ["name": .string(name)]
    let error: (code: Int, message: String)? =
      switch stage {
      case .failed(_, let message): (13, message)
      case .cancelled: (1, "The operation was cancelled.")
      case .expired: (4, "The deadline expired before the operation could complete.")
      default: nil
      }
    guard let error else {
      json = stage.isFinal ? pending.setting("done", true) : pending
      return
    }
    json = pending.setting("done", true).setting(
      "error", ["code": JSON(error.code), "message": .string(error.message)])
  }

  /// Metadata that no client knows.
  var odd: JSON {
    ["@type": "type.googleapis.com/google.simulated.Metadata", "state": "WARMING_UP"]
  }

  /// The Gemini API's answer.
  func gemini(uri: String) -> JSON {
    var inner: JSON
    switch stage {
    case .filtered:
      inner = ["raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [.string(Self.filtered)]]
    case .succeeded:
      let count = Int(job.details["samples"]?.integer ?? 1)
      let samples = (0..<count).map { _ -> JSON in ["video": ["uri": .string(uri)]] }
      inner =
        job.outcomes.contains(.successWithoutAsset)
        ? [:] : ["generatedSamples": .array(samples)]
    default: return json
    }
    inner = [
      "@type":
        "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse",
      "generateVideoResponse": inner,
    ]
    return json.setting("response", inner)
  }

  /// Vertex AI's answer with the bytes or bucket addresses of its videos.
  func vertex(videos: [JSON]) -> JSON {
    var inner: JSON = [
      "@type": "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
    ]
    switch stage {
    case .filtered:
      inner = inner.setting("raiMediaFilteredCount", 1)
        .setting("raiMediaFilteredReasons", [.string(Self.filtered)])
    case .succeeded:
      inner = inner.setting("raiMediaFilteredCount", 0)
      if !job.outcomes.contains(.successWithoutAsset) {
        inner = inner.setting("videos", .array(videos))
      }
    default: return json
    }
    return json.setting("response", inner)
  }
}
