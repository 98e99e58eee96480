import KinoraCore
import KinoraHTTP
import KinoraModel

/// The envelope of this dialect: `{"success","code","data","error"?}`, `code` being the HTTP status.
enum StorageAnswer {
  /// Errors in the envelope.
  static let dialect = Dialect { error, requestID in failure(error, requestID, nil) }

  /// The classes that the dialect's own server sorts errors into.
  private static func type(_ error: KinoraError, _ status: Int) -> String {
    switch error.code {
    case .modelUnknown, .credentialMissing, .configuration, .modelUnpriced, .modelRetired:
      "ConfigurationError"
    case .notSupported: "NotImplementedError"
    case .storeFailed, .storageFull, .artifactExpired, .assetUnusable: "ServiceError"
    default: status < 500 ? "ValidationError" : status == 500 ? "InternalError" : "ProviderError"
    }
  }

  /// An error; `batch` names the jobs that exist all the same.
  static func failure(
    _ error: KinoraError, _ requestID: String, _ batch: DoorBatch?
  ) -> HTTPResponse {
    var response = Answer.problem(error, requestID: requestID, place: .body)
    response.status = ErrorTable.storage(error.code)
    let told: JSON = [
      "type": .string(type(error, response.status)), "code": .string(error.code.rawValue),
      "message": .string(error.message), "field": JSON(error.field),
      "allowed": .array(error.allowed.map { .string($0) }),
      "provider_message": JSON(error.providerMessage), "request_id": .string(requestID),
    ]
    let jobs: JSON =
      batch.map { batch in
        [
          "job_id": JSON(batch.ids.first?.rawValue), "jobs": batch.json,
          "status_url": JSON(batch.ids.first.map { "/v1/videos/\($0)" }),
        ]
      } ?? .null
    response.fields.replace("Content-Type", "application/json")
    response.body = .bytes(
      ([
        "success": false, "code": .integer(Int64(response.status)), "data": jobs, "error": told,
        "detail": .string(error.message),
      ] as JSON).bytes)
    return response
  }

  /// 202 for a client that does not wait.
  static func begun(_ batch: DoorBatch) -> HTTPResponse {
    let first = batch.ids.first?.rawValue ?? ""
    var response = Answer.json([
      "success": true, "code": 202,
      "data": [
        "job_id": .string(first), "jobs": batch.json, "status": "queued",
        "status_url": .string("/v1/videos/\(first)"),
      ],
    ])
    response.status = 202
    response.fields.append("Location", "/v1/videos/\(first)")
    response.fields.append("Preference-Applied", "respond-async")
    if let accepted = batch.accepted.first { Answer.pace(&response, accepted.record) }
    return response
  }

  /// One result of `data.videos`.
  static func video(
    _ record: JobRecord, _ artifact: Artifact, url: String?, content: String
  ) -> JSON {
    let seconds = artifact.durationMilliseconds.map { Double($0) / 1000 }
    return [
      "url": JSON(url), "job_id": .string(record.id.rawValue), "content_url": .string(content),
      "duration": JSON(seconds ?? record.request.seconds), "bytes": .integer(artifact.bytes),
      "mime_type": .string(artifact.mime), "sha256": .string(artifact.sha256),
    ]
  }

  /// What was really made, beside what was asked for.
  static func settings(
    _ fields: StorageFields, _ record: JobRecord, duration: JSON, count: Int, warnings: [String]
  ) -> JSON {
    let made = record.request
    let asked = record.asked
    return [
      "provider": .string(word(record)), "model": .string(fields.modelName),
      "upstream_model": .string(record.model), "aspect_ratio": JSON(made.aspectRatio),
      "duration_seconds": duration, "requested_duration_seconds": JSON(fields.askedSeconds),
      "mode": .string(mode(record)), "enhance_prompt": .bool(fields.enhancesPrompt),
      "number_of_videos": .integer(Int64(count)), "resolution": JSON(made.resolution),
      "size": JSON(made.size), "fps": JSON(made.fps), "generate_audio": JSON(made.audio),
      "negative_prompt": JSON(made.negativePrompt), "seed": JSON(made.seed),
      "poll_timeout_seconds": JSON(fields.patience),
      "poll_interval_seconds": JSON(fields.pollSeconds),
      "asked": .object(
        asked.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }),
      "warnings": .array(warnings.map { .string($0) }),
    ]
  }

  static func word(_ record: JobRecord) -> String {
    StorageModels.word(plugin: record.plugin, provider: record.provider)
  }

  /// `text_to_video` and the like.
  static func mode(_ record: JobRecord) -> String {
    record.kind.rawValue.split(separator: "-").joined(separator: "_")
  }
}
