import KinoraAPI
import KinoraCore
import KinoraModel
import Testing

/// The job as clients see it, byte for byte.
@Suite struct RendererTests {
  private static func record() -> JobRecord {
    var request = GenerationRequest(model: "sample/clip", prompt: "a \"paper\" boat\n")
    request.seconds = 5
    request.size = "1280x720"
    request.aspectRatio = "16:9"
    request.metadata = ["b": "2", "a": "1"]
    request.inputs = [
      MediaInput(role: .firstFrame, ref: "in0", sha256: "ab", mime: "image/png", bytes: 123)
    ]
    var record = JobRecord(
      id: JobID(rawValue: "video_4f"), client: "uid:1000", principal: "uid:1000", door: "videos",
      createdAt: 1_795_248_000_000, request: request, kind: .imageToVideo, provider: "sample",
      plugin: "sample", model: "clip", seed: "00", terms: SubmitTerms(),
      quote: Quote(amount: MicroUSD(50_000), basis: "5 s × $0.01", source: "catalog"),
      queueUntil: 1_795_334_400_000)
    record.reserved = MicroUSD(50_000)
    record.sequence = 1
    return record
  }

  @Test("a queued job [T45] [T46]")
  func queued() {
    let text = String(decoding: JobRenderer.render(Self.record()), as: UTF8.self)
    let expected =
      #"{"id":"video_4f","object":"video","created_at":1795248000,"completed_at":null,"#
      + #""expires_at":null,"status":"queued","progress":0,"model":"sample/clip","seconds":"5","#
      + #""size":"1280x720","quality":"standard","prompt":"a \"paper\" boat\n","#
      + #""remixed_from_video_id":null,"error":null,"metadata":{"a":"1","b":"2"},"#
      + #""kinora":{"state":"queued","attempt":1,"client":"uid:1000","provider":"sample","#
      + #""provider_id":null,"kind":"image-to-video","created":"2026-11-21T08:00:00.000Z","#
      + #""updated":"2026-11-21T08:00:00.000Z","submitted":null,"ended":null,"#
      + #""deadline":"2026-11-22T08:00:00.000Z","progress_permille":null,"note":null,"#
      + #""provider_error":null,"poll_after_seconds":2,"#
      + #""cost":{"currency":"USD","quoted_microusd":50000,"reserved_microusd":50000,"#
      + #""settled_microusd":null,"basis":"5 s × $0.01","unconfirmed":false},"#
      + #""request":{"seconds":5,"aspect_ratio":"16:9","resolution":null,"size":"1280x720","#
      + #""fps":null,"audio":null,"seed":null,"count":1,"inputs":[{"role":"first_frame","#
      + #""mime":"image/png","bytes":123,"sha256":"ab"}]},"asked":{},"warnings":[],"transports":{},"#
      + #""artifacts":[],"tenant":null,"tenant_version":null,"delivery":null,"#
      + #""notice":{"title":"Generating a video","model_line":"Model: sample/clip","#
      + #""prompt_line":"Prompt: a \"paper\" boat","reference_line":"Reference: 1 image","#
      + #""timing_line":"Usually takes 1–3 minutes"},"actions":["cancel"],"attached":false,"events":1}}"#
    #expect(text == expected)
  }

  @Test("a completed job")
  func completed() throws {
    var record = Self.record()
    record.state = .completed
    record.handle = "smp_12"
    record.submittedAt = record.createdAt + 1000
    record.endedAt = record.createdAt + 9250
    record.progressPermille = 700
    record.settled = MicroUSD(50_200)
    record.reserved = .zero
    record.transports = ["submit": "libcurl (paid)", "poll": "urlsession (catalog default)"]
    record.artifacts = [
      Artifact(
        sha256: "cd", bytes: 12_345, mime: "video/mp4", width: 1280, height: 720,
        durationMilliseconds: 5020, codec: "h264")
    ]
    let json = try JSON.parse(JobRenderer.render(record))
    #expect(json["status"] == "completed")
    #expect(json["progress"] == 100)
    #expect(json["completed_at"] == 1_795_248_009)
    let kinora = try #require(json["kinora"])
    #expect(kinora["progress_permille"] == 700)
    #expect(kinora["poll_after_seconds"] == .null)
    #expect(kinora["actions"] == ["content", "delete"])
    #expect(kinora["transports"]?.members?.map(\.key) == ["poll", "submit"])
    #expect(
      kinora["artifacts"]?[0]
        == [
          "index": 0, "url": "/v1/videos/video_4f/content?index=0", "sha256": "cd",
          "bytes": 12_345, "mime": "video/mp4", "width": 1280, "height": 720,
          "duration_seconds": 5.02, "codec": "h264",
        ])
    #expect(kinora["updated"] == "2026-11-21T08:00:09.250Z")
  }

  struct Ending: CustomTestStringConvertible, Sendable {
    var state: JobState
    var status: String
    var code: String?
    var actions: [String]
    var testDescription: String { state.rawValue }
  }

  static let endings = [
    Ending(state: .queued, status: "queued", code: nil, actions: ["cancel"]),
    Ending(state: .running, status: "in_progress", code: nil, actions: ["cancel"]),
    Ending(
      state: .submitUnknown, status: "in_progress", code: nil, actions: ["cancel", "resolve"]),
    Ending(state: .fetching, status: "in_progress", code: nil, actions: []),
    Ending(state: .held, status: "failed", code: "held_for_review", actions: ["resolve"]),
    Ending(state: .cancelled, status: "failed", code: "cancelled", actions: ["delete"]),
    Ending(state: .expired, status: "failed", code: "expired", actions: ["delete"]),
    Ending(state: .failed, status: "failed", code: "content_blocked", actions: ["delete"]),
  ]

  @Test("every state has its outward word, error and actions", arguments: endings)
  func states(_ ending: Ending) throws {
    var record = Self.record()
    record.state = ending.state
    let reason = ending.state == .held ? HeldText.of(record, "no") : "no"
    record.failure = JobFailure(.contentBlocked, reason, providerMessage: "blocked: violence")
    let json = try JSON.parse(JobRenderer.render(record))
    #expect(json["status"]?.string == ending.status)
    #expect(json["kinora"]?["state"]?.string == ending.state.rawValue)
    #expect(json["error"]?["code"]?.string == ending.code)
    #expect(json["kinora"]?["provider_error"] == "blocked: violence")
    #expect(
      json["kinora"]?["actions"]?.array?.compactMap(\.string) == ending.actions)
    if ending.state == .held {
      let message = json["error"]?["message"]?.string ?? ""
      #expect(message == reason)
      record.failure = nil
      let unworded = try JSON.parse(JobRenderer.render(record))["error"]?["message"]?.string ?? ""
      #expect(unworded.contains("do not repeat"))
      #expect(unworded.contains("kinora jobs resolve video_4f"))
    }
  }

  @Test("progress is the provider's own, whole percents, never made up")
  func progress() throws {
    var record = Self.record()
    record.state = .running
    for (permille, percent) in [(nil, 0), (0, 0), (409, 40), (1000, 100), (5000, 100)] {
      record.progressPermille = permille
      let json = try JSON.parse(JobRenderer.render(record))
      #expect(json["progress"]?.integer == Int64(percent))
    }
  }
}
