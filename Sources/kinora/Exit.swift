/// What the program ends with. Scripts compare the numbers, so they never change.
enum Exit: Int32, Sendable {
  case done = 0
  /// The job failed, was cancelled or expired; or a check of `doctor` fails.
  case jobFailed = 1
  /// The command line, or a field that the daemon refused.
  case usage = 2
  case notFound = 3
  /// Not allowed: the socket's mode, a key, an operation for the administrator.
  case notAllowed = 4
  /// Budget, quota, or a full queue.
  case budget = 5
  /// Held, or nobody knows whether it was taken.
  case held = 6
  /// Not over at `--timeout`.
  case stillRunning = 7
  case unreachable = 69
  /// Standard output could not be written: a full disk, a closed descriptor.
  case outputLost = 74
  case configuration = 78
  case interrupted = 130
}
