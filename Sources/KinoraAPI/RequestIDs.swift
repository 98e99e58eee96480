import KinoraModel
import Synchronization

/// Names of requests, `req_` and 16 hexadecimal digits: unique in the life of a process, and without
/// a system call each.
final class RequestIDs: Sendable {
  private let counter: Atomic<UInt64>
  private static let digits = Array("0123456789abcdef".utf8)

  /// Names that begin at a random place.
  init(entropy: any Entropy) {
    counter = Atomic(entropy.bytes(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// The next name.
  func next() -> String {
    // SplitMix64: a bijection of the counter, so no name comes twice
    // (https://prng.di.unimi.it/splitmix64.c).
    var z = counter.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    return String(unsafeUninitializedCapacity: 20) { out in
      for (at, byte) in "req_".utf8.enumerated() { out[at] = byte }
      for at in 0..<16 { out[4 + at] = Self.digits[Int(z >> UInt64(60 - 4 * at) & 15)] }
      return 20
    }
  }
}
