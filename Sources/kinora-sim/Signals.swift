import CSys
import Glibc
import KinoraLoop

/// SIGTERM and SIGINT as a descriptor. Made before any other thread, which inherits the mask.
final class Signals: Sendable {
  private let descriptor: Int32

  init() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
    if descriptor < 0 { Trouble.end("signalfd") }
  }

  /// Returns at the first signal.
  func wait(on loop: EventLoop) async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      let descriptor = self.descriptor
      loop.post {
        var token: Watch?
        token = try? loop.watch(descriptor, for: .read) { _ in
          if let token { loop.unwatch(token) }
          done.resume()
        }
        if token == nil { done.resume() }
      }
    }
  }
}
