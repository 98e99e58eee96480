import Synchronization

/// Random letters for ids; repeatable with a seed.
final class Dice: Sendable {
  private let state: Mutex<UInt64>

  /// - Parameter seed: nil takes one from the kernel.
  init(seed: UInt64?) {
    var system = SystemRandomNumberGenerator()
    state = Mutex(seed ?? system.next())
  }

  /// Moves on, so that a restart with the same seed does not give the same ids again.
  func skip(_ count: Int) {
    state.withLock { $0 &+= UInt64(count) &* 0xd134_2543_de82_ef95 }
  }

  /// Letters and digits, upper and lower case.
  func alphanumeric(_ count: Int) -> String {
    word(count, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  }

  /// Lower-case letters and digits.
  func lowercase(_ count: Int) -> String { word(count, "0123456789abcdefghijklmnopqrstuvwxyz") }

  private func word(_ count: Int, _ alphabet: StaticString) -> String {
    let letters = UnsafeBufferPointer(
      start: alphabet.utf8Start, count: alphabet.utf8CodeUnitCount)
    return String(
      decoding: (0..<count).map { _ in letters[Int(next() % UInt64(letters.count))] },
      as: UTF8.self)
  }

  /// splitmix64, by Sebastiano Vigna (public domain).
  private func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }
}
