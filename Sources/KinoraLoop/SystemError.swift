import Glibc

/// A system call that failed: which one, and the errno it left.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The call's name, such as `epoll_ctl`.
  public let call: String
  /// The errno, such as `ENOENT`.
  public let errno: Int32

  /// A failure of `call` with this errno.
  public init(_ call: String, errno: Int32) {
    self.call = call
    self.errno = errno
  }

  /// `posix_spawn: No such file or directory (2)`.
  public var description: String {
    "\(call): \(String(cString: strerror(errno))) (\(errno))"
  }
}

/// The result of a call that gives -1 with errno. The errno is read before anything can change it.
func checked(_ call: String, _ body: () -> Int32) throws(SystemError) -> Int32 {
  let result = body()
  if result < 0 { throw SystemError(call, errno: errno) }
  return result
}
