import CSys
import CSystemd
import Glibc
public import KinoraModel

/// What is told to systemd about this process. Without systemd nothing is sent and nothing fails.
///
/// The words are those of sd_notify(3).
public struct Notify: Sendable {
  /// Milliseconds after which systemd kills a silent process; nil when nobody watches.
  public let watchdogTimeout: Milliseconds?
  private let send: @Sendable (String) -> Void

  /// Tells `$NOTIFY_SOCKET`.
  public static let system = Notify(watchdogTimeout: watchdogOfUnit()) { sd_notify(0, $0) }

  /// Tells `send`, one message a call: lines of `NAME=value`.
  public init(watchdogTimeout: Milliseconds?, send: @escaping @Sendable (String) -> Void) {
    self.watchdogTimeout = watchdogTimeout
    self.send = send
  }

  /// How often to call `watchdog()`: half the timeout, as sd_watchdog_enabled(3) recommends.
  public var watchdogInterval: Milliseconds? { watchdogTimeout.map { max(1, $0 / 2) } }

  /// Started, or reloaded: recovery is done and requests are answered.
  public func ready(status: String) { send("READY=1\nSTATUS=\(line(status))") }

  /// One line for `systemctl status`.
  public func status(_ text: String) { send("STATUS=\(line(text))") }

  /// Alive. Only to be said when the parts that matter have just answered.
  public func watchdog() { send("WATCHDOG=1") }

  /// A reload begins; `ready` ends it. systemd wants the time beside it, to tell one reload from
  /// the next.
  public func reloading() {
    send("RELOADING=1\nMONOTONIC_USEC=\(kn_microseconds(CLOCK_MONOTONIC))")
  }

  /// The drain begins.
  public func stopping(status: String) { send("STOPPING=1\nSTATUS=\(line(status))") }

  /// Starting or stopping goes on for at least this much longer.
  public func extendTimeout(_ time: Milliseconds) { send("EXTEND_TIMEOUT_USEC=\(time * 1000)") }

  // A line end in a status would begin another message.
  private func line(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? " " : $0 }))
  }
}

private func watchdogOfUnit() -> Milliseconds? {
  var microseconds: UInt64 = 0
  return sd_watchdog_enabled(0, &microseconds) > 0 ? Milliseconds(microseconds / 1000) : nil
}
