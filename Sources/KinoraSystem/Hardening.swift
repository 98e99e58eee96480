import CSys
import Glibc

/// What the process does to itself before it opens anything.
public enum Hardening {
  /// Descriptors that the daemon wants: 10,000 streams and jobs with room to spare.
  public static let wantedDescriptors: UInt64 = 65_536

  /// Variables that would change where requests go, whom they trust or what they leave behind: the
  /// configuration alone decides that. Upper case is looked at too.
  public static let removedVariables = [
    "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "curl_home",
    "sslkeylogfile",
  ]

  /// Memory is given back, no core dump and no ptrace by the same uid, a private umask, no SIGPIPE, no proxy from the
  /// environment, as many descriptors as are allowed. Gives the descriptor limit that is now in
  /// force.
  public static func apply() -> UInt64 {
    _ = kn_no_dump()
    umask(0o077)
    signal(SIGPIPE, SIG_IGN)
    kn_lean_malloc()
    for name in removedVariables {
      unsetenv(name)
      unsetenv(name.uppercased())
    }
    var limit: UInt64 = 0
    _ = kn_raise_nofile(wantedDescriptors, &limit)
    return limit
  }

  /// Makes Dispatch and the timers take their descriptors now.
  ///
  /// Both open them at first use: when none is left then, Dispatch traps and a sleep never wakes.
  /// The times are long enough to arm a timer; one of a nanosecond arms none.
  public static func warmUp() async {
    try? await Task.sleep(for: .milliseconds(5), clock: ContinuousClock())
    try? await Task.sleep(for: .milliseconds(1), clock: SuspendingClock())
  }
}
