import KinoraCore
import KinoraHTTP
import KinoraModel

/// Words the answers of the chat door: the shape of OpenAI's chat completions, with media beside the
/// text and one object `kinora` for what that shape has no word for.
struct ChatAnswer: Sendable {
  let call: Call
  let batch: DoorBatch
  let fields: ChatFields
  let model: String

  /// `chatcmpl-` and the digits of the first job.
  private var id: String {
    "chatcmpl-\(batch.ids.first?.rawValue.split(separator: "_").last ?? "0")"
  }

  private var created: JSON { .integer((batch.accepted.first?.record.createdAt ?? 0) / 1000) }

  private func head(_ object: String) -> JSON {
    [
      "id": .string(id), "object": .string(object), "created": created, "model": .string(model),
    ]
  }

  /// The whole answer at once.
  func completion(_ message: JSON, _ records: [JobRecord]) -> JSON {
    head("chat.completion")
      .setting("choices", [["index": 0, "message": message, "finish_reason": "stop"]])
      .setting("usage", Self.usage(records))
      .setting("kinora", kinora(records))
  }

  /// One piece of a stream.
  func chunk(_ delta: JSON, finish: String? = nil) -> JSON {
    head("chat.completion.chunk")
      .setting("choices", [["index": 0, "delta": delta, "finish_reason": JSON(finish)]])
  }

  /// The last piece of a stream: what it cost. It has no choices, as OpenAI's has none.
  func usageChunk(_ records: [JobRecord]) -> JSON {
    head("chat.completion.chunk").setting("choices", [])
      .setting("usage", Self.usage(records)).setting("kinora", kinora(records))
  }

  /// No tokens are counted here; `cost` is in US dollars, as OpenRouter has it.
  private static func usage(_ records: [JobRecord]) -> JSON {
    [
      "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
      "cost": .number(Double(cost(records)) / 1_000_000),
    ]
  }

  private static func cost(_ records: [JobRecord]) -> Int64 {
    records.reduce(0) { $0 + ($1.settled ?? $1.reserved).rawValue }
  }

  /// The jobs, what they cost, what was asked where snapping changed it, what was left aside.
  func kinora(_ records: [JobRecord]) -> JSON {
    let asked = records.first?.asked.sorted { $0.key < $1.key } ?? []
    return [
      "jobs": batch.json, "cost_microusd": .integer(Self.cost(records)),
      "asked": .object(asked.map { JSONMember($0.key, .string($0.value)) }),
      "ignored": .array(fields.ignored.map { .string($0) }),
    ]
  }

  /// One file: `{"type":"video_url","video_url":{"url"},…}` or the same with `image_url`.
  static func item(
    _ artifact: Artifact, of record: JobRecord, index: Int, url: String, address: String,
    life: Milliseconds?
  ) -> JSON {
    let isImage = artifact.mime.hasPrefix("image/")
    let name = isImage ? "image_url" : "video_url"
    let seconds = artifact.durationMilliseconds.map { Double($0) / 1000 }
    return [
      "type": .string(name), "index": .integer(Int64(index)), name: ["url": .string(url)],
      "\(isImage ? "image" : "video")_id": .string(record.id.rawValue),
      "url": .string(address),
      "expires_at": JSON(JobRenderer.expiry(record, life: life).map { $0 / 1000 }),
      "mime_type": .string(artifact.mime),
      "bytes": .integer(artifact.bytes), "duration_seconds": JSON(seconds),
      "width": JSON(artifact.width), "height": JSON(artifact.height),
    ]
  }

  /// How a job stands, for `delta.video_progress`. `progress` is the provider's figure or null.
  static func progress(_ record: JobRecord) -> JSON {
    [
      "job": .string(record.id.rawValue), "status": .string(record.state.outward),
      "state": .string(record.state.rawValue),
      "progress": record.state == .completed
        ? 100 : JSON(record.progressPermille.map { min(max($0, 0), 1000) / 10 }),
      "note": JSON(record.note),
    ]
  }

  /// Which provider and model made it, and how the paid request travelled.
  static func route(_ records: [JobRecord]) -> String {
    guard let record = records.first else { return "none" }
    let submit = record.transports["submit"].map { "; submit=\($0)" } ?? ""
    return "\(record.provider)/\(record.model)\(submit)"
  }
}
