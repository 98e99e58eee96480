import KinoraModel
import KinoraStore
import Testing

@Suite struct RecordCodingTests {
  /// Every member set, so that none can be forgotten.
  private func full() -> JobRecord {
    var job = record("full", metadata: ["k/\"\u{0}": "v\n"])
    job.request.negativePrompt = "rain"
    job.request.seconds = 7.5
    job.request.aspectRatio = "16:9"
    job.request.resolution = "720p"
    job.request.size = "1280x720"
    job.request.fps = 24
    job.request.audio = true
    job.request.seed = .max
    job.request.sourceJob = JobID(rawValue: "video_other")
    job.request.sourceHandle = "h"
    job.request.maxCost = MicroUSD(5)
    job.request.endUser = "u"
    job.request.options = ["deep": [1, 2.5, "x", nil as String? == nil ? true : false]]
    job.request.inputs = [
      MediaInput(
        role: .firstFrame, ref: "in0", sha256: "aa", mime: "image/png", bytes: 12,
        url: "https://a.example/", uri: "gs://b/c")
    ]
    job.asked = ["seconds": "9"]
    job.state = .submitUnknown
    job.pluginState = [0, 255, 7]
    job.paidEvent = PaidEvent(isTimer: true, now: 5, state: [1, 2])
    job.handle = "op/1"
    job.adoptedAt = 7
    job.resultHandle = "r"
    job.progressPermille = 500
    job.note = "half"
    job.intentAt = 1
    job.submittedAt = 2
    job.endedAt = 3
    job.deadlineAt = 4
    job.tailUntil = 5
    job.cancelRequestedAt = 6
    job.notBefore = 7
    job.refusals = 2
    job.failure = JobFailure(.heldForReview, "why", providerMessage: "because")
    var asset = PendingAsset()
    asset.url = "https://a.example/x"
    asset.fields = ["authorization": "Bearer {{credential:KEY}}"]
    asset.spool = "s"
    asset.spoolPath = "/p"
    asset.encoding = "base64"
    asset.mime = "video/mp4"
    job.assets = [asset]
    job.artifacts = [
      Artifact(
        sha256: "bb", bytes: 9, mime: "video/mp4", width: 1, height: 2,
        durationMilliseconds: 3, codec: "h264")
    ]
    job.quote.perSecond = MicroUSD(1)
    job.reserved = MicroUSD(6)
    job.settled = MicroUSD(7)
    job.providerCost = MicroUSD(8)
    job.isUnconfirmed = true
    job.route = "films"
    job.request.tenant = "t1"
    job.request.stylePreset = "noir"
    job.request.style = StylePreset(prompt: "hard shadows", negative: "colour")
    job.tenantTerms = TenantTerms(version: 2, promptSuffix: "in style", maxOutputBytes: 3)
    job.delivery = Delivery(.tooLarge, at: 4)
    job.typical = TypicalTime(median: 5, most: 6)
    job.transports = ["submit": "curl (catalog default)"]
    job.owner = "host"
    job.epoch = 3
    return job
  }

  private func decode(_ bytes: [UInt8]) throws -> JobRecord {
    try bytes.withUnsafeBytes { try RecordCoding.record($0) }
  }

  @Test("A record comes back as it was, with every member set")
  func roundTrip() throws {
    let job = full()
    let bytes = try RecordCoding.bytes(job)
    #expect(try decode(bytes) == job)
    let keys = try JSON.parse(bytes).members?.map(\.key) ?? []
    #expect(Set(keys) == Set(Mirror(reflecting: job).children.compactMap(\.label)))
  }

  @Test("A row that lacks members which came later gets their defaults")
  func olderRow() throws {
    let job = record("old")
    let members = try JSON.parse(RecordCoding.bytes(job)).members ?? []
    #expect(members.count > 20)
    let added: Set = ["attempt", "refusals", "transports", "epoch", "isUnconfirmed", "terms"]
    let old = JSON.object(members.filter { !added.contains($0.key) })
    #expect(try decode(old.bytes) == job)
  }

  @Test("What is no record is refused, not guessed")
  func damaged() throws {
    let good = try RecordCoding.bytes(record("x"))
    for bad in [Array(good.dropLast()), Array("[]".utf8), Array("{\"id\":5}".utf8)] {
      #expect(throws: KinoraError.self) { try decode(bad) }
    }
  }
}
