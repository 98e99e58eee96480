import CSys
import Glibc
public import KinoraModel

/// The signals that a daemon answers to.
public enum DaemonSignal: Sendable, Equatable {
  /// SIGTERM: drain and end.
  case terminate
  /// SIGINT: the same, asked for at a terminal.
  case interrupt
  /// SIGHUP: read the configuration again.
  case reload
}

/// Signals as values.
///
/// Blocking them and reading a signalfd is not enough: an asynchronous `main` ends in Dispatch's
/// `dispatch_main`, which makes a thread that waits in sigsuspend(2) with an empty mask and takes
/// them all. So a handler passes their numbers through a pipe, wherever it runs; the mask only sees
/// to it that no other system call is interrupted.
public enum Signals {
  private static let numbers = [SIGTERM, SIGINT, SIGHUP]

  /// Takes the signals of `DaemonSignal` over and gives them as a stream that never ends.
  ///
  /// To be called once, first in `main`: a thread inherits the mask of the one that made it. Children
  /// get an empty mask and the default handlers from `kn_spawn`. Throws `unavailable` when the kernel
  /// has no descriptor or thread left.
  public static func block() throws(KinoraError) -> AsyncStream<DaemonSignal> {
    change(SIG_BLOCK)
    let descriptor = kn_signal_pipe(numbers, Int32(numbers.count))
    if descriptor < 0 { throw KinoraError(.unavailable, "no pipe for signals: \(errnoText())") }

    let (stream, continuation) = AsyncStream.makeStream(of: DaemonSignal.self)
    let reader = SignalReader(descriptor: descriptor, continuation: continuation)
    guard SmallThread.start({ reader.run() }) else {
      throw KinoraError(.unavailable, "no thread for signals")
    }
    return stream
  }

  /// Blocks or unblocks the signals in this thread.
  fileprivate static func change(_ how: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in numbers { sigaddset(&set, number) }
    pthread_sigmask(how, &set, nil)
  }
}

private final class SignalReader: Sendable {
  private let descriptor: Int32
  private let continuation: AsyncStream<DaemonSignal>.Continuation

  init(descriptor: Int32, continuation: AsyncStream<DaemonSignal>.Continuation) {
    self.descriptor = descriptor
    self.continuation = continuation
  }

  func run() {
    kn_thread_name("signals")
    Signals.change(SIG_UNBLOCK)
    var number: UInt8 = 0
    while true {
      let count = read(descriptor, &number, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { return }
      switch Int32(number) {
      case SIGTERM: continuation.yield(.terminate)
      case SIGINT: continuation.yield(.interrupt)
      case SIGHUP: continuation.yield(.reload)
      default: break
      }
    }
  }
}
