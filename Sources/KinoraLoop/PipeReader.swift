import Glibc

/// Reads one end of a pipe on a loop until it ends.
final class PipeReader: ReadinessHandler {
  static let chunkBytes = 65_536
  /// Reads after the child's end. A pipe holds 64 KiB unless asked for more; the bound is for a
  /// grandchild that writes without end.
  static let lastReads = 256

  private let loop: EventLoop
  private let descriptor: Int32
  private let sink: (UnsafeRawBufferPointer) -> Void
  private var watch: Watch?
  private var isOpen = true

  init(_ loop: EventLoop, _ descriptor: Int32, _ sink: @escaping (UnsafeRawBufferPointer) -> Void) {
    self.loop = loop
    self.descriptor = descriptor
    self.sink = sink
  }

  func start() throws(SystemError) {
    watch = try loop.watch(descriptor, for: .read, self)
  }

  /// Level-triggered and one chunk a turn, so that a chatty child leaves the loop to others.
  func ready(_ events: Readiness) { _ = readOnce() }

  /// Takes what is in the pipe now, then closes it. For the time when the writer has ended: all
  /// that it wrote is there already, and a grandchild that inherited the pipe is not waited for.
  func finish() {
    var rounds = Self.lastReads
    while isOpen, rounds > 0, readOnce() { rounds -= 1 }
    close()
  }

  private func readOnce() -> Bool {
    withUnsafeTemporaryAllocation(byteCount: Self.chunkBytes, alignment: 16) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 {
        sink(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return true
      }
      if count < 0, errno == EINTR { return true }
      if count < 0, errno == EAGAIN { return false }
      close()
      return false
    }
  }

  private func close() {
    guard isOpen else { return }
    isOpen = false
    if let watch { loop.unwatch(watch) }
    Glibc.close(descriptor)
  }
}
