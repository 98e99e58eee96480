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

/// Signals as values, read from a signalfd by a thread of their own, so that no code of ours ever
/// runs inside a signal handler.
public enum Signals {
  private static let numbers = [SIGTERM, SIGINT, SIGHUP]

  /// Blocks the signals of `DaemonSignal` and gives them as a stream that never ends.
  ///
  /// To be called once, first in `main`: a thread inherits the mask of the one that made it, and a
  /// thread with an unblocked SIGTERM would end the process. Children get an empty mask from
  /// `kn_spawn`. Throws `unavailable` when the kernel has no descriptor or thread left.
  public static func block() throws(KinoraError) -> AsyncStream<DaemonSignal> {
    var set = sigset_t()
    sigemptyset(&set)
    for number in numbers { sigaddset(&set, number) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC))
    if descriptor < 0 { throw KinoraError(.unavailable, "signalfd: \(errnoText())") }

    let (stream, continuation) = AsyncStream.makeStream(of: DaemonSignal.self)
    let reader = SignalReader(descriptor: descriptor, continuation: continuation)
    guard reader.start() else { throw KinoraError(.unavailable, "no thread for signals") }
    return stream
  }
}

private final class SignalReader: Sendable {
  private let descriptor: Int32
  private let continuation: AsyncStream<DaemonSignal>.Continuation

  init(descriptor: Int32, continuation: AsyncStream<DaemonSignal>.Continuation) {
    self.descriptor = descriptor
    self.continuation = continuation
  }

  func start() -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 256 * 1024)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let me = Unmanaged.passRetained(self)
    let error = pthread_create(&thread, &attributes, readSignals, me.toOpaque())
    if error != 0 { me.release() }
    return error == 0
  }

  func run() {
    kn_thread_name("signals")
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    while true {
      let count = read(descriptor, &info, size)
      if count < 0, errno == EINTR { continue }
      guard count == size else { return }
      switch Int32(bitPattern: info.ssi_signo) {
      case SIGTERM: continuation.yield(.terminate)
      case SIGINT: continuation.yield(.interrupt)
      case SIGHUP: continuation.yield(.reload)
      default: break
      }
    }
  }
}

private func readSignals(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { Unmanaged<SignalReader>.fromOpaque(argument).takeRetainedValue().run() }
  return nil
}
