import FoundationEssentials
import Glibc
import KinoraModel
import KinoraStore
import Synchronization

/// A folder that is gone when the test is.
final class TestFolder: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/kinora-store-XXXXXX".utf8CString)
    _ = mkdtemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // A store that is closed at the same moment removes files of its own: then once more.
  deinit {
    for _ in 0..<10 where exists(path) { try? FileManager.default.removeItem(atPath: path) }
  }

  subscript(_ name: String) -> String { path + "/" + name }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) -> String {
    _ = FileManager.default.createFile(atPath: self[name], contents: Data(Array(bytes)))
    return self[name]
  }

  func read(_ name: String) -> [UInt8] {
    FileManager.default.contents(atPath: self[name]).map { [UInt8]($0) } ?? []
  }

  func copy(_ name: String, to other: String) throws {
    try FileManager.default.copyItem(atPath: self[name], toPath: self[other])
  }

  func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// Numbers that are the same in every run.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }
  mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// What a store has published.
final class Published: Sendable {
  private let list = Mutex<[JobEvent]>([])
  var events: [JobEvent] { list.withLock { $0 } }
  var sink: @Sendable ([JobEvent]) -> Void { { more in self.list.withLock { $0 += more } } }
}

func record(
  _ name: String, client: String = "alice", metadata: [String: String] = [:],
  provider: String = "sample"
) -> JobRecord {
  var request = GenerationRequest(model: "sample/still", prompt: "a fox \"runs\"\n\u{1F98A}")
  request.metadata = metadata
  return JobRecord(
    id: JobID(rawValue: "video_" + name), client: client, principal: "uid:1000", door: "videos",
    createdAt: 1_000, request: request, kind: .textToVideo, provider: provider, plugin: "sample",
    model: "still", seed: "00ff", terms: SubmitTerms(),
    quote: Quote(amount: MicroUSD(400_000), basis: "1 clip", source: "catalog"),
    queueUntil: 2_000)
}

/// A new job with its first event.
func insertion(_ record: JobRecord, events: Int = 1) -> StoreChange {
  var change = StoreChange()
  change.insert = record
  change.insert?.sequence = events
  change.fingerprint = "print of \(record.id)"
  change.events = (0..<events).map { event($0 + 1) }
  return change
}

func event(_ number: Int, at: Milliseconds = 1_000) -> StoreChange.NewEvent {
  StoreChange.NewEvent(number: number, at: at, type: "job.queued", data: Array("{}".utf8))
}

extension SQLiteJobStore {
  static func open(
    _ folder: TestFolder, publishing published: Published = Published(),
    _ change: (inout StoreOptions) -> Void = { _ in }
  ) throws -> SQLiteJobStore {
    var options = StoreOptions(path: folder["kinora.db"])
    change(&options)
    return try SQLiteJobStore(options, onCommit: published.sink)
  }

  @discardableResult
  func insert(_ record: JobRecord) async throws -> [JobEvent] {
    try await commit(insertion(record))
  }
}

/// The error that `body` throws, or nil.
func failure(_ body: () async throws -> Void) async -> KinoraError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? KinoraError ?? KinoraError(.internalError, "another error: \(error)")
  }
}
