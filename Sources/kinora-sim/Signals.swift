import CSys
import Glibc

/// SIGTERM and SIGINT, read by the main thread.
///
/// The main thread must not become the runtime's: an asynchronous `main` ends in libdispatch's
/// `sigsuspend` with an empty mask, where SIGTERM kills the process whatever was blocked before.
struct Signals: Sendable {
  private let descriptor: Int32
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  /// To be made before any other thread, which inherits the mask.
  init() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC))
    if descriptor < 0 { Trouble.end("signalfd") }
    (stream, continuation) = AsyncStream.makeStream()
  }

  /// Returns at the first signal.
  func first() async { for await _ in stream { return } }

  /// Passes signals on, for ever, on the thread that calls it.
  func read() -> Never {
    var info = [UInt8](repeating: 0, count: 128)
    while true {
      if Glibc.read(descriptor, &info, info.count) > 0 { continuation.yield() }
    }
  }
}
