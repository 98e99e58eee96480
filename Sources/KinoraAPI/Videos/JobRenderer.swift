import KinoraCore
public import KinoraModel

/// A job as clients see it: the OpenAI Videos shape, with one object `kinora` for all that it has no
/// word for.
public enum JobRenderer {
  /// The JSON text of a record. The same record gives the same bytes.
  /// - Parameter life: how long this host keeps a job that is over; nil for ever
  public static func render(_ record: JobRecord, life: Milliseconds? = nil) -> [UInt8] {
    render(record, life: life, isAttached: false)
  }

  /// When a result is removed: a matter of this host, which has a copy whatever the provider does
  /// with its own.
  static func expiry(_ record: JobRecord, life: Milliseconds?) -> Milliseconds? {
    guard record.state == .completed, let life, let end = record.endedAt else { return nil }
    return end + life
  }

  /// The same; `isAttached` says that a repeated request was answered with a job that was there.
  static func render(_ record: JobRecord, life: Milliseconds?, isAttached: Bool) -> [UInt8] {
    let request = record.request
    var json = JSONWriter(capacity: 1536 + request.prompt.utf8.count)
    json.beginObject()
    json.member("id", .string(record.id.rawValue))
    json.member("object", "video")
    json.member("created_at", .integer(record.createdAt / 1000))
    let completed = record.state == .completed ? record.endedAt : nil
    json.member("completed_at", JSON(completed.map { $0 / 1000 }))
    json.member("expires_at", JSON(expiry(record, life: life).map { $0 / 1000 }))
    json.member("status", .string(record.state.outward))
    json.member("progress", .integer(percent(record)))
    json.member("model", .string("\(record.provider)/\(record.model)"))
    json.member("seconds", JSON(request.seconds.map(plain)))
    json.member("size", JSON(request.size ?? record.artifacts.first.flatMap(size)))
    json.member("quality", "standard")
    json.member("prompt", .string(request.prompt))
    json.member("remixed_from_video_id", JSON(request.sourceJob?.rawValue))
    json.key("error")
    error(of: record, to: &json)
    json.key("metadata")
    strings(request.metadata, to: &json)
    json.key("kinora")
    KinoraObject(record: record, isAttached: isAttached).write(to: &json)
    json.endObject()
    return json.bytes
  }

  /// What the provider said, 100 for what is completed.
  private static func percent(_ record: JobRecord) -> Int64 {
    if record.state == .completed { return 100 }
    return Int64(min(max(record.progressPermille ?? 0, 0), 1000) / 10)
  }

  private static func error(of record: JobRecord, to json: inout JSONWriter) {
    guard let (code, message) = failure(of: record) else { return json.value(.null) }
    json.beginObject()
    json.member("code", .string(code.rawValue))
    json.member("message", .string(message))
    json.endObject()
  }

  /// Why a job that is outwardly over has no result; nil for any other.
  static func failure(of record: JobRecord) -> (code: KinoraError.Code, message: String)? {
    guard record.state.isOutwardlyOver, record.state != .completed else { return nil }
    let reason = record.failure?.message
    switch record.state {
    case .held:
      // Worded when it was held: what happened, that it may have been charged, the command.
      let unworded = "nobody can know whether the provider took it"
      return (.heldForReview, reason ?? HeldText.of(record, unworded))
    case .cancelled: return (.cancelled, reason ?? "the job was cancelled")
    case .expired: return (.expired, reason ?? "the job passed its deadline")
    default: return (record.failure?.code ?? .internalError, reason ?? "the job failed")
    }
  }

  /// Without a fraction where there is none: `8`, `2.5`.
  static func plain(_ value: Double) -> String {
    Int64(exactly: value).map { String($0) } ?? "\(value)"
  }

  /// `1280x720` of a stored file.
  private static func size(_ artifact: Artifact) -> String? {
    guard let width = artifact.width, let height = artifact.height else { return nil }
    return "\(width)x\(height)"
  }

  /// An object of strings, sorted by key.
  static func strings(_ map: [String: String], to json: inout JSONWriter) {
    json.beginObject()
    for (key, value) in map.sorted(by: { $0.key < $1.key }) { json.member(key, .string(value)) }
    json.endObject()
  }
}
