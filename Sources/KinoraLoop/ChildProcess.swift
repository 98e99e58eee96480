import CSys
import Glibc
import Synchronization

/// A program that was started, with its output read on a loop and its end awaited.
///
/// The child gets a constant argv, an empty environment unless one is given, no descriptor but
/// those named, the default signal mask and dispositions. It is always reaped, also when nobody
/// keeps this object.
public final class ChildProcess: Sendable {
  /// How a child ended.
  public struct Exit: Sendable, Hashable {
    /// The exit code, or minus the signal that killed it.
    public let status: Int32
    /// The first bytes of what it wrote to stderr.
    public let errorOutput: [UInt8]
  }

  /// The process id; another process may have it once this one has ended.
  public let pid: Int32
  private let state = Mutex(State())

  private struct State {
    var reaped = false
    var exit: Exit?
    var waiters: [CheckedContinuation<Exit, Never>] = []
  }

  private init(pid: Int32) { self.pid = pid }

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: An absolute path; PATH is not searched.
  ///   - arguments: What follows argv[0], which is the executable's path.
  ///   - environment: `NAME=value` strings.
  ///   - keeping: Descriptors that the child gets as 3, 4, … in this order; ours stay open.
  ///   - stdin: The child's standard input; nil is /dev/null.
  ///   - onOutput: Told each piece of stdout, on the loop's thread; nil sends stdout to /dev/null.
  ///     All pieces come before `exit` does.
  ///   - onError: The same for stderr, besides what is kept of it.
  ///   - errorCap: Bytes of stderr that are kept; the rest is read and dropped.
  /// - Throws: The errno of the call that failed; `posix_spawn` with ENOENT or EACCES when the
  ///   program cannot be run.
  public static func spawn(
    on loop: EventLoop, executable: String, arguments: [String], environment: [String] = [],
    keeping: [Int32] = [], stdin: Int32? = nil,
    onOutput: (@Sendable (UnsafeRawBufferPointer) -> Void)?,
    onError: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil, errorCap: Int = 4096
  ) throws(SystemError) -> ChildProcess {
    let plumbing = try Plumbing(wantsOutput: onOutput != nil)
    defer { plumbing.closeChildEnds() }
    do throws(SystemError) {
      let pid = try CStrings.with([executable] + arguments, environment) {
        (argv, envp) throws(SystemError) in
        var pid = pid_t()
        let std = [stdin ?? plumbing.null, plumbing.output?.write ?? plumbing.null]
        let failed = kn_spawn(
          &pid, executable, argv, envp, std + [plumbing.error.write], keeping, Int32(keeping.count))
        if failed != 0 { throw SystemError("posix_spawn", errno: failed) }
        return pid
      }
      let pidfd = kn_pidfd_open(pid)
      if pidfd < 0 {
        let error = SystemError("pidfd_open", errno: errno)
        Glibc.kill(pid, SIGKILL)
        _ = kn_wait(pid)
        throw error
      }
      let child = ChildProcess(pid: pid)
      let ends = (output: plumbing.output?.read, error: plumbing.error.read)
      loop.post {
        ChildWatch(child, loop, pidfd).start(ends.output, ends.error, onOutput, onError, errorCap)
      }
      return child
    } catch {
      plumbing.closeOurEnds()
      throw error
    }
  }

  /// Waits for the end of the child. A cancelled task goes on waiting; to end the child with the
  /// task, call `kill` from `withTaskCancellationHandler`.
  public var exit: Exit {
    get async {
      await withCheckedContinuation { waiter in
        let done: Exit? = state.withLock { state in
          if state.exit == nil { state.waiters.append(waiter) }
          return state.exit
        }
        if let done { waiter.resume(returning: done) }
      }
    }
  }

  /// Asks the child to end (SIGTERM).
  public func kill() { kill(SIGTERM) }

  /// Sends a signal; nothing happens when the child has ended.
  public func kill(_ signal: Int32) {
    // Under the lock: the number cannot belong to another process as long as we have not reaped.
    state.withLock { state in if !state.reaped { _ = Glibc.kill(pid, signal) } }
  }

  /// Reaps the child, which has ended already, so this does not block.
  func reap() -> Int32 {
    state.withLock { state in
      state.reaped = true
      return kn_wait(pid)
    }
  }

  func finish(_ exit: Exit) {
    let waiters = state.withLock { state in
      state.exit = exit
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(returning: exit) }
  }
}
