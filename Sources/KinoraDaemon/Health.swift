import KinoraCore
import KinoraLoop
import KinoraModel
import KinoraPluginHost
import KinoraStore
import KinoraSystem
import KinoraTransport
import Synchronization

/// Tells systemd how it goes: alive while engine, store and server answer, and one line for people.
final class Health: Sendable {
  private let parts: Parts
  private let notify: Notify
  private let lastFault = Mutex<String?>(nil)
  /// How often the status line is looked at.
  private static let statusInterval: Milliseconds = 2000

  init(_ parts: Parts, _ notify: Notify) {
    self.parts = parts
    self.notify = notify
  }

  /// Remembers what went wrong last, for the status line.
  func fault(_ text: String) { lastFault.withLock { $0 = text } }

  /// `4 plugins, 2 jobs, openrouter degraded: …`
  func line() async -> String {
    let status = await parts.engine.status()
    let plugins = parts.registry.list()
    var words = [
      "\(plugins.count { $0.state == .loaded || $0.state == .changed }) plugins",
      "\(status.live) open jobs",
    ]
    let queued = status.queued.values.reduce(0, +)
    if queued > 0 { words.append("\(queued) queued") }
    if status.isPaused { words.append("paid submits paused") }
    if status.isDraining {
      words.append("draining, \(status.paidUnderWay) paid requests under way")
    }
    for (_, why) in status.gates.sorted(by: { $0.key < $1.key }) { words.append(why) }
    for plugin in plugins where plugin.state == .faulted { words.append("\(plugin.name) faulted") }
    if !(await curlWorks()) { words.append("curl has no HTTP2") }
    if let fault = lastFault.withLock({ $0 }) { words.append("last fault: \(fault)") }
    return words.joined(separator: ", ")
  }

  private func curlWorks() async -> Bool {
    guard
      parts.service.policy.index.entries.contains(where: { entry in
        parts.transport.choice(provider: entry.settings.name)?.kind == .curl
      })
    else { return true }
    do throws(KinoraError) {
      try await parts.transport.curl.check()
      return true
    } catch {
      return false
    }
  }

  /// Runs until cancelled: the watchdog only after engine, store and server have just answered.
  func run() async {
    var told = ""
    var nextStatus = parts.clock.steady()
    let beat = min(notify.watchdogInterval ?? Self.statusInterval, Self.statusInterval)
    while !Task.isCancelled {
      if notify.watchdogTimeout != nil, await isAlive() { notify.watchdog() }
      if parts.clock.steady() >= nextStatus {
        let line = await line()
        if line != told { notify.status(line) }
        told = line
        nextStatus = parts.clock.steady() + Self.statusInterval
      }
      await parts.clock.sleep(untilSteady: parts.clock.steady() + beat)
    }
  }

  private func isAlive() async -> Bool {
    _ = await parts.engine.status()
    _ = await parts.serverLoop.perform { true }
    do throws(KinoraError) {
      try await parts.state.store.ping()
      return true
    } catch {
      return false
    }
  }
}
