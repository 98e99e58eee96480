import CSys
import Glibc

/// Signals as a descriptor, so that waiting for bytes and for Ctrl-C is one wait.
final class Signals {
  let descriptor: Int32

  /// Catches these from now on; they stay blocked for this process.
  init(_ numbers: [Int32]) throws(Failure) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in numbers { sigaddset(&set, number) }
    sigprocmask(SIG_BLOCK, &set, nil)
    descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    if descriptor < 0 { throw .system("signalfd", errno, .jobFailed) }
  }

  deinit { close(descriptor) }

  /// A signal that came, or nil.
  func next() -> Int32? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard read(descriptor, &info, size) == size else { return nil }
    return Int32(info.ssi_signo)
  }
}

extension Signals {
  /// Waits; throws `interrupted` when a signal comes first.
  func wait(_ milliseconds: Int32) throws(Failure) {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    poll(&watched, 1, milliseconds)
    if next() != nil { throw .interrupted }
  }
}
