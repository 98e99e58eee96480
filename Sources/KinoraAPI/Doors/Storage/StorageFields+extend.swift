import KinoraModel

/// What only `POST /video/extend` has, and this dialect's own names in complaints.
extension StorageFields {
  /// The job that shall be extended: `settings.video.video_id`, `settings.video_id` or `video_id`.
  /// Throws `badField` when none of them names one.
  static func source(_ body: ParsedBody) throws(KinoraError) -> JobID {
    let settings = body.json["settings"]
    let value = settings?["video"]?["video_id"] ?? settings?["video_id"] ?? body.json["video_id"]
    guard let id = value?.string, !id.isEmpty, id.utf8.count <= 256 else {
      throw KinoraError(
        .badField, "video_id is missing: the id of an own job", field: "settings.video.video_id",
        allowed: ["video_…"])
    }
    return JobID(rawValue: id)
  }

  /// The model that the body names.
  static func model(_ body: ParsedBody) -> String? {
    let name = body.json["settings"]?["video"]?["model"]?.string
    return name?.isEmpty == false ? name : nil
  }

  /// What the core calls these fields, for its complaints.
  private static let names = [
    "seconds": "duration_seconds", "aspect_ratio": "aspect_ratio", "resolution": "resolution",
    "fps": "fps", "audio": "generate_audio", "n": "number_of_videos", "model": "model",
    "references": "reference_images", "style_preset": "style_preset",
  ]

  /// A complaint of the core by this door's names of fields.
  static func named(_ error: KinoraError) -> KinoraError {
    guard let field = error.field, let name = names[field] else { return error }
    var named = error
    named.field = "settings.video.\(name)"
    return named
  }
}
