import Synchronization

/// Whether a stream came to its last word. The closure that writes sets it; what runs when the
/// answer has left reads it: a stream that was cut is whole for the kernel, not for the client.
final class Told: Sendable {
  private let flag = Atomic<Bool>(false)

  var value: Bool { flag.load(ordering: .acquiring) }

  func set() { flag.store(true, ordering: .releasing) }
}
