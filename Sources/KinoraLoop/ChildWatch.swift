import Glibc

/// A child's descriptors on the loop: its end, its stdout, its stderr. Kept alive by the loop until
/// the child has ended.
final class ChildWatch: ReadinessHandler {
  private let child: ChildProcess
  private let loop: EventLoop
  private let pidfd: Int32
  private var watch: Watch?
  private var readers: [PipeReader] = []
  private let errorText = ByteBox()

  init(_ child: ChildProcess, _ loop: EventLoop, _ pidfd: Int32) {
    self.child = child
    self.loop = loop
    self.pidfd = pidfd
  }

  func start(
    _ output: Int32?, _ error: Int32, _ onOutput: (@Sendable (UnsafeRawBufferPointer) -> Void)?,
    _ onError: (@Sendable (UnsafeRawBufferPointer) -> Void)?, _ errorCap: Int
  ) {
    if let output, let onOutput { readers.append(PipeReader(loop, output, onOutput)) }
    readers.append(
      PipeReader(loop, error) { [errorText] bytes in
        errorText.bytes += bytes.prefix(max(0, errorCap - errorText.bytes.count))
        onError?(bytes)
      })
    do {
      for reader in readers { try reader.start() }
      watch = try loop.watch(pidfd, for: .read, self)
    } catch {
      // Unwatchable means out of memory or of epoll watches: end the child rather than lose it.
      child.kill(SIGKILL)
      ready(.read)
    }
  }

  func ready(_ events: Readiness) {
    if let watch { loop.unwatch(watch) }
    close(pidfd)
    let status = child.reap()
    for reader in readers { reader.finish() }
    child.finish(.init(status: status, errorOutput: errorText.bytes))
  }
}

/// Bytes shared by a closure and its owner on one thread.
private final class ByteBox {
  var bytes: [UInt8] = []
}
