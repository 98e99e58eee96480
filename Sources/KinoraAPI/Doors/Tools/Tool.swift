import KinoraCore
import KinoraModel

/// One tool: what a model is told of it, and what it does. It only translates; jobs, money and
/// models are the one service's.
struct Tool: Sendable {
  /// A job that a tool made or looked at.
  struct Begun: Sendable {
    var record: JobRecord
    /// How long the caller wants to wait for its end.
    var seconds: Int
    /// This call made it, or attached to it: the answer's delivery counts against repeats.
    var isMade = false
    /// The same idempotency key had made it before.
    var isReplay = false
  }

  /// What came of a call, before any waiting.
  enum Outcome: Sendable {
    case job(Begun)
    case jobs([JobRecord])
    /// A quote's JSON text.
    case quote([UInt8])
    case models([JSON])
  }

  let name: String
  let title: String
  let description: String
  /// Whether it changes nothing and costs nothing.
  let isReadOnly: Bool
  /// JSON Schema of the arguments, with what this viewer can really choose.
  let schema: @Sendable (APIService, Viewer) -> JSON
  /// Runs it with the arguments as the body. Throws as the native routes do.
  let run: @Sendable (APIService, ParsedBody, Call) async throws(KinoraError) -> Outcome

  static let all: [Tool] = [generate, get, list, cancel, models]

  static func named(_ name: String) -> Tool? { all.first { $0.name == name } }

  /// Hosts of tools give up after a minute or so; what is not over by then is asked for again.
  static let usualWait = 45
  /// As long as the native routes wait.
  private static let longestWait: Int64 = 570

  static let generate = Tool(
    name: "generate_video", title: "Generate a video",
    description: """
      Makes a video from a prompt, or from a prompt and an image. It costs money and takes \
      minutes. Answers the finished video, or, after wait_seconds, the video's id while it goes \
      on: then call get_video with that id, never generate_video again.
      """,
    isReadOnly: false, schema: { ToolSchema.generate($0, $1) },
    run: { (api, body, call) throws(KinoraError) in
      try await api.generateByTool(body, call)
    })

  static let get = Tool(
    name: "get_video", title: "Wait for a video",
    description: """
      How a video stands, by its id. Waits up to wait_seconds for its end. A finished one has its \
      files' addresses.
      """,
    isReadOnly: true, schema: { _, _ in ToolSchema.get },
    run: { (api, body, call) throws(KinoraError) in
      let fields = FieldReader(json: body.json, body: body)
      try fields.only(["id", "wait_seconds"])
      let record = try await api.service.job(try id(fields), call.viewer)
      return .job(Begun(record: record, seconds: try wait(fields)))
    })

  static let list = Tool(
    name: "list_videos", title: "List videos",
    description: "Your newest videos: those that are being made and those that are over.",
    isReadOnly: true, schema: { _, _ in ToolSchema.list },
    run: { (api, body, call) throws(KinoraError) in
      let fields = FieldReader(json: body.json, body: body)
      try fields.only(["limit", "status"])
      var query = JobQuery()
      query.limit = Int(try fields.integer("limit", in: 1...100) ?? 10)
      if let word = try fields.string("status", most: 64) {
        query.states = JobState.allCases.filter { $0.outward == word }
        guard !query.states.isEmpty else {
          throw fields.error("status", "is not one of these", ToolSchema.statuses)
        }
      }
      return .jobs(try await api.service.jobs(query, call.viewer).jobs)
    })

  static let cancel = Tool(
    name: "cancel_video", title: "Cancel a video",
    description: """
      Stops a video that is being made. Before it was handed to its provider that costs nothing; \
      afterwards it may still be charged.
      """,
    isReadOnly: false, schema: { _, _ in ToolSchema.cancel },
    run: { (api, body, call) throws(KinoraError) in
      let fields = FieldReader(json: body.json, body: body)
      try fields.only(["id"])
      let record = try await api.service.cancel(try id(fields), call.viewer)
      return .job(Begun(record: record, seconds: 0))
    })

  static let models = Tool(
    name: "list_models", title: "List models",
    description: "The models that can be asked for, what each can do and what it costs.",
    isReadOnly: true, schema: { _, _ in ToolSchema.nothing },
    run: { (api, body, call) throws(KinoraError) in
      try FieldReader(json: body.json, body: body).only([])
      return .models(api.modelList(call.viewer))
    })

  private static func id(_ fields: FieldReader) throws(KinoraError) -> JobID {
    guard let id = try fields.string("id", most: 128), !id.isEmpty else {
      throw fields.error("id", "is missing: the id of a video", ["video_…"])
    }
    return JobID(rawValue: id)
  }

  /// `wait_seconds` of the arguments.
  static func wait(_ fields: FieldReader) throws(KinoraError) -> Int {
    Int(try fields.integer("wait_seconds", in: 0...longestWait) ?? Int64(usualWait))
  }
}
