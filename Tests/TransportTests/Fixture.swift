import Glibc
import KinoraLoop
import KinoraModel
import KinoraTransport
import Synchronization
import Testing

/// A pool with one provider `p`, a folder of its own, and a canary for a key.
final class Fixture: Sendable {
  static let canary = "CANARY-7f3a"

  let pool: TransportPool
  let folder: String
  let points: PointLog
  private let loop: EventLoop

  init(
    _ base: String, _ kind: TransportKind? = nil,
    default catalogDefault: TransportKind = .urlsession,
    hosts: [String] = [], curl: String = "/usr/bin/curl", coalesce: Duration = .milliseconds(20),
    key: String = Fixture.canary, clock: (any KinoraModel.Clock)? = nil,
    change: (inout ProviderSettings) -> Void = { _ in }
  ) throws {
    folder = try Folder.make()
    let loop = try EventLoop(name: "transport-test")
    try loop.start()
    self.loop = loop
    let counter = Atomic64()
    let log = PointLog()
    points = log
    let folder = folder
    pool = try TransportPool(
      TransportSetup(
        scratch: folder, spoolPath: { "\(folder)/spool-\(counter.next())" },
        environment: ["TEST_KEY": key], entropy: TestEntropy(), curl: curl, coalesce: coalesce,
        points: CrashPoints { log.add($0) }, clock: clock),
      loop: loop)
    var settings = ProviderSettings(name: "p", plugin: "plug", baseURL: base)
    settings.transport = kind
    settings.credentials = ["api_key": .environment("TEST_KEY")]
    change(&settings)
    let catalog = Catalog(
      hosts: hosts, baseURL: base, transport: catalogDefault,
      credentials: [CatalogCredential(name: "api_key", isRequired: true, help: "")], sign: nil,
      pollMilliseconds: 1000, models: [])
    try pool.update(settings: [settings], catalogs: ["plug": catalog])
  }

  deinit {
    pool.shutdown()
    let loop = loop
    Task.detached { await loop.stop() }
    Folder.remove(folder)
  }

  func send(_ request: ProviderRequest, permit: Permit? = nil) async -> Exchange {
    let exchange = await pool.send(request, provider: "p", permit: permit)
    // Without this the fixture may end, and shut its pool down, while it is awaited.
    withExtendedLifetime(self) {}
    return exchange
  }

  func download(_ request: ProviderRequest, to path: String, limit: Int64) async -> Exchange {
    let exchange = await pool.download(request, provider: "p", to: path, limit: limit)
    withExtendedLifetime(self) {}
    return exchange
  }

  func file(_ name: String) -> String { folder + "/" + name }
}

/// A poll.
func get(_ url: String, _ change: (inout ProviderRequest) -> Void = { _ in }) -> ProviderRequest {
  var request = ProviderRequest(
    method: "GET", url: url, fields: [("Authorization", "Bearer {{credential:api_key}}")],
    isIdempotent: true, timeout: 10_000)
  change(&request)
  return request
}

/// A paid submit.
func paid(
  _ url: String, _ body: String = "{\"prompt\":1}",
  _ change: (inout ProviderRequest) -> Void = { _ in }
) -> ProviderRequest {
  var request = ProviderRequest(
    method: "POST", url: url,
    fields: [
      ("Authorization", "Bearer {{credential:api_key}}"), ("Content-Type", "application/json"),
    ], parts: [.bytes(Array(body.utf8))], isIdempotent: false, timeout: 10_000)
  change(&request)
  return request
}

/// Counts how often it was asked: true for the first, as the port says.
final class PermitCounter: Sendable {
  private let count = Mutex(0)
  let answer: Bool
  init(answer: Bool = true) { self.answer = answer }
  var asked: Int { count.withLock { $0 } }
  var permit: Permit {
    Permit {
      let number = self.count.withLock { count in
        count += 1
        return count
      }
      return number == 1 && self.answer
    }
  }
}

final class PointLog: Sendable {
  private let entries = Mutex<[String]>([])
  func add(_ point: String) { entries.withLock { $0.append(point) } }
  var list: [String] { entries.withLock { $0 } }
}

final class Atomic64: Sendable {
  private let value = Mutex(0)
  func next() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}

struct TestEntropy: Entropy {
  func bytes(_ count: Int) -> [UInt8] {
    let file = open("/dev/urandom", O_RDONLY)
    defer { close(file) }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        filled += max(0, read(file, buffer.baseAddress.map { $0 + filled }, count - filled))
      }
    }
  }
}

enum Folder {
  static func make() throws -> String {
    var template = Array("/tmp/kinora-transport-XXXXXX".utf8CString)
    let made: String? = template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, mkdtemp(base) != nil else { return nil }
      return String(cString: base)
    }
    return try #require(made)
  }

  static func remove(_ path: String) {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { unlink(path + "/" + name) }
    }
    closedir(folder)
    rmdir(path)
  }

  static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
    bytes.withUnsafeBytes { _ = Glibc.write(file, $0.baseAddress, $0.count) }
    fchmod(file, mode)
    close(file)
  }

  static func read(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY)
    defer { close(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let n = Glibc.read(file, &chunk, chunk.count)
      if n <= 0 { return all }
      all += chunk.prefix(n)
    }
  }
}

extension Exchange {
  var response: ProviderResponse? {
    if case .response(let response) = outcome { response } else { nil }
  }
  var failure: (sent: Sent, error: KinoraError)? {
    if case .failed(let sent, let error) = outcome { (sent, error) } else { nil }
  }
}
