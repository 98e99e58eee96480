import KinoraModel

/// SplitMix64: small, and the same everywhere.
struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// 0 ..< count.
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
  /// One of a range of milliseconds.
  mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
  }
  /// True so many times out of 1000.
  mutating func chance(_ permille: Int) -> Bool { below(1000) < permille }
  /// One of them.
  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
}

/// Bytes that a seed decides.
final class CountingEntropy: Entropy, @unchecked Sendable {
  private var random: SeededRandom
  init(seed: UInt64) { random = SeededRandom(seed: seed) }
  func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

/// Virtual time for one life of the daemon. When that life ends, its sleepers wake once and later
/// ones sleep for ever: nothing of it acts again.
final class ManualClock: Clock, @unchecked Sendable {
  /// 2026-11-21T00:00:00Z, so that days turn where they are expected.
  static let start: Milliseconds = 1_795_219_200_000
  private let loop: SimLoop
  private var sleeping: Set<Int> = []
  private(set) var isStopped = false

  init(_ loop: SimLoop) { self.loop = loop }

  func now() -> Milliseconds { Self.start + loop.now }
  func steady() -> Milliseconds { loop.now }

  func sleep(untilSteady at: Milliseconds) async {
    let timer = Box(0)
    await withTaskCancellationHandler {
      await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
        if isStopped { return }
        guard !Task.isCancelled, at > loop.now else { return continuation.resume() }
        timer.value = loop.at(at) { [self] in
          sleeping.remove(timer.value)
          continuation.resume()
        }
        sleeping.insert(timer.value)
      }
    } onCancel: {
      loop.hurry(timer.value)
    }
  }

  func stop() {
    isStopped = true
    for timer in sleeping.sorted() { loop.hurry(timer) }
  }
}

/// FNV-1a in place of SHA-256: nobody attacks a test.
func shortDigest(_ bytes: [UInt8]) -> String {
  String(
    bytes.reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 },
    radix: 16)
}
