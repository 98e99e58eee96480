import KinoraAPI
import KinoraCore
import KinoraHTTP
import KinoraModel
import Synchronization
import Testing

/// Keeps what is written to it.
private final class Written: HTTPStream {
  let bytes = Mutex<[UInt8]>([])
  func write(_ bytes: [UInt8]) async throws(HTTPGone) { self.bytes.withLock { $0 += bytes } }
}

/// Parts of front doors that are values: marks for media, keys, customers, roles of images.
@Suite struct DoorPartTests {
  @Test("files take the places of their marks, wherever those stand")
  func holes() async throws {
    let files = TestFiles()
    let path = files.temporaryPath()
    TestFiles.write(Array("hello".utf8), to: path)
    var holes = MediaHoles(nonce: "0123456789abcdef")
    let first = holes.dataURL("video/mp4", try MediaText.MediaFile(path: path, length: 5))
    let second = holes.base64(try MediaText.MediaFile(path: path, length: 5))
    let json: JSON = ["a": .string(first), "b": "0123456789abcdeg.", "c": [.string(second)]]
    let text = holes.filled(json, before: "data: ", after: "\n\n")
    let whole =
      "data: {\"a\":\"data:video/mp4;base64,aGVsbG8=\",\"b\":\"0123456789abcdeg.\","
      + "\"c\":[\"aGVsbG8=\"]}\n\n"
    #expect(text.length == Int64(whole.utf8.count))
    let written = Written()
    try await text.write(to: written)
    #expect(String(decoding: written.bytes.withLock { $0 }, as: UTF8.self) == whole)
    withExtendedLifetime(files) {}
  }

  @Test("base64 is padded as RFC 4648 §10 shows it")
  func base64() {
    let words = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foobar": "Zm9vYmFy"]
    for (text, code) in words {
      #expect(String(decoding: Base64Text.encode(Array(text.utf8)), as: UTF8.self) == code)
    }
  }

  @Test("a client is its own customer, the configured ones, or everybody's when it may be [B20]")
  func customers() {
    func allows(_ client: String, _ customer: Int64, isAdmin: Bool = false) -> Bool {
      Customers.allows(
        customer, for: Viewer(principal: client, client: client, isAdmin: isAdmin),
        rules: ["key:shop": .only([1, 2]), "office": .all, "key:7": .only([])])
    }
    #expect(allows("uid:1000", 1000) && allows("key:123", 123) && allows("123", 123))
    #expect(!allows("uid:1000", 1001) && !allows("key:abc", 123))
    #expect(allows("key:shop", 2) && !allows("key:shop", 3) && allows("office", 99))
    #expect(!allows("key:7", 7))
    #expect(allows("uid:0", 99, isAdmin: true))
  }

  @Test("a customer's key names its job and tells several files apart [B58]")
  func key() {
    var record = Self.record
    record.artifacts = [
      Artifact(sha256: "a", bytes: 1, mime: "video/mp4"),
      Artifact(sha256: "b", bytes: 1, mime: "video/webm"),
    ]
    let first = StorageKey.of(record, 0, customer: "123")
    #expect(
      first == "customers/123/assets/video/"
        + "20261121T080000000_00010203-0405-0607-0809-0a0b0c0d0e0f.mp4")
    #expect(StorageKey.name(record, 1).hasPrefix("20261121T080000001_"))
    #expect(StorageKey.name(record, 1).hasSuffix(".webm"))
    #expect(StorageKey.job(StorageKey.name(record, 1)) == record.id)
    #expect(StorageKey.job("x.mp4") == nil)
  }

  private static let record = JobRecord(
    id: JobID(random: (0..<16).map { UInt8($0) }), client: "key:1", principal: "key:1",
    door: "storage-backend", createdAt: TestClock.start,
    request: GenerationRequest(model: "m", prompt: "p"), kind: .textToVideo, provider: "sample",
    plugin: "sample", model: "clip", seed: "00", terms: SubmitTerms(),
    quote: Quote(amount: .zero, basis: "", source: "catalog"), queueUntil: 0)
}
