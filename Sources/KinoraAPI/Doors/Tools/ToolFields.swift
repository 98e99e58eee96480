import KinoraCore
import KinoraModel

/// The arguments of `generate_video` as a request for a job: everything that `POST /v1/videos` takes,
/// and the tool's own names for some of it.
struct ToolFields {
  private(set) var fields: VideoFields
  /// How long the caller waits.
  let seconds: Int
  /// An idempotency key among the arguments, for callers that cannot set a header.
  let key: String?
  /// The id of an own image, which becomes the first frame.
  let media: JobID?
  /// The clip ends with its first frame.
  let isLoop: Bool

  /// The tool's names for fields of `POST /v1/videos`.
  private static let names = ["image": "input_reference", "generate_audio": "audio"]
  private static let own = [
    "wait_seconds", "idempotency_key", "media_id", "loop", "extend_video",
  ]

  /// Throws as `VideoFields` does, by the tool's names.
  init(_ body: ParsedBody) throws(KinoraError) {
    let reader = FieldReader(json: body.json, body: body)
    try reader.only(VideoFields.known + Self.names.keys.sorted() + Self.own)
    for (name, native) in Self.names where reader[name] != nil && reader[native] != nil {
      throw reader.error(name, "says the same as \(native): give one of them", [name, native])
    }
    seconds = try Tool.wait(reader)
    key = try reader.string("idempotency_key", most: Limits.idempotencyKeyLength)
    media = try reader.string("media_id", most: 128).map { JobID(rawValue: $0) }
    isLoop = try reader.bool("loop") ?? false
    var members = (body.json.members ?? []).filter { !Self.own.contains($0.key) }
    for at in members.indices {
      if let native = Self.names[members[at].key] { members[at].key = native }
    }
    if let id = try reader.string("extend_video", most: 128) {
      guard reader["source"] == nil else {
        throw reader.error("extend_video", "says the same as source: give one of them")
      }
      members.append(JSONMember("source", ["job": .string(id), "as": "extend"]))
    }
    var native = body
    native.json = .object(members)
    do throws(KinoraError) {
      fields = try VideoFields(native)
    } catch {
      throw Self.named(error)
    }
  }

  /// The media that go in. `image` is the first frame that `media_id` stands for, or nil.
  func inputs(_ image: Artifact?) throws(KinoraError) -> [WantedInput] {
    var inputs = fields.inputs
    if let image {
      guard !inputs.contains(where: { $0.role == .firstFrame }) else {
        throw KinoraError(
          .badField, "media_id says the same as image: give one of them", field: "media_id",
          allowed: ["image", "media_id"])
      }
      inputs.insert(
        WantedInput(role: .firstFrame, field: "media_id", source: .stored(image)), at: 0)
    }
    guard isLoop else { return inputs }
    guard inputs.contains(where: { $0.role == .firstFrame }),
      !inputs.contains(where: { $0.role == .lastFrame })
    else {
      throw KinoraError(
        .badField, "loop needs the frame that the video begins and ends with, and no last_frame",
        field: "loop", allowed: ["loop with image", "loop with media_id", "false"])
    }
    inputs.append(WantedInput(role: .lastFrame, field: "loop", source: .same(.firstFrame)))
    return inputs
  }

  /// A complaint of the core by the tool's names of fields.
  static func named(_ error: KinoraError) -> KinoraError {
    let native = ["input_reference": "image", "audio": "generate_audio", "seconds": "duration"]
    var named = error
    for (name, own) in native {
      guard let field = error.field, field == name || field.hasPrefix(name + ".") else { continue }
      named.field = own + field.dropFirst(name.count)
      if error.message.hasPrefix(name) {
        named.message = own + error.message.dropFirst(name.count)
      }
    }
    return named
  }
}
