import Glibc
import KinoraModel
import KinoraSystem
import Synchronization
import Testing

private struct FixedClock: KinoraModel.Clock {
  func now() -> Milliseconds { 1_795_248_930_250 }
  func steady() -> Milliseconds { 0 }
  func sleep(untilSteady: Milliseconds) async {}
}

@Suite struct NotifyTests {
  @Test(
    "systemd is told in the words of sd_notify(3), and a status cannot forge a second word [P8]")
  func words() {
    let said = Mutex<[String]>([])
    let notify = Notify(watchdogTimeout: 30_000) { text in said.withLock { $0.append(text) } }
    notify.ready(status: "3 jobs\nSTOPPING=1")
    notify.status("a\r\nb")
    notify.watchdog()
    notify.extendTimeout(5000)
    notify.stopping(status: "draining")
    #expect(
      said.withLock { $0 } == [
        "READY=1\nSTATUS=3 jobs STOPPING=1", "STATUS=a  b", "WATCHDOG=1",
        "EXTEND_TIMEOUT_USEC=5000000", "STOPPING=1\nSTATUS=draining",
      ])
    #expect(notify.watchdogInterval == 15_000)
  }

  @Test("a reload carries CLOCK_MONOTONIC in microseconds")
  func reload() throws {
    let said = Mutex<[String]>([])
    let notify = Notify(watchdogTimeout: nil) { text in said.withLock { $0.append(text) } }
    notify.reloading()
    notify.reloading()
    let lines = said.withLock { $0 }.map { $0.split(separator: "\n") }
    #expect(lines.allSatisfy { $0.count == 2 && $0[0] == "RELOADING=1" })
    let times = lines.compactMap { Int64($0[1].dropFirst("MONOTONIC_USEC=".count)) }
    #expect(times.count == 2 && times[0] > 0 && times[0] <= times[1])
    #expect(notify.watchdogInterval == nil)
  }
}

@Suite struct ClockTests {
  @Test("the steady clock goes on by what was slept, and a cancelled sleep returns at once")
  func sleeping() async {
    let clock = SystemClock()
    let start = clock.steady()
    await clock.sleep(untilSteady: start + 20)
    #expect(clock.steady() >= start + 20)
    await clock.sleep(untilSteady: start)
    let task = Task { await clock.sleep(untilSteady: start + 3_600_000) }
    task.cancel()
    await task.value
    #expect(clock.steady() < start + 60_000)
    #expect(clock.now() > 1_700_000_000_000)
  }

  @Test("random bytes have the asked length and do not repeat")
  func entropy() {
    for count in [0, 1, 16, 256, 257, 1000] {
      #expect(SystemEntropy().bytes(count).count == count)
    }
    #expect(SystemEntropy().bytes(16) != SystemEntropy().bytes(16))
  }

  @Test("the boot id is 32 digits, the same each time, and nothing else passes for one")
  func boot() {
    #expect(Boot.id() == Boot.id() && Boot.id().utf8.count == 32)
    let id = "0123456789abcdef0123456789abcdef"
    #expect(Boot.normalized("01234567-89AB-cdef-0123-456789abcdef\n") == id)
    #expect(Boot.normalized("%b") == nil && Boot.normalized(id + "0") == nil)
    #expect(Boot.normalized("") == nil && Boot.normalized("../" + id) == nil)
  }

  @Test("names of users and groups are found both ways, and an unknown one is nil")
  func principals() {
    #expect(Principals.userName(0) == "root" && Principals.userID("root") == 0)
    #expect(Principals.groupName(0) == "root" && Principals.groupID("root") == 0)
    #expect(Principals.userName(4_000_000_000) == nil && Principals.userID("no such") == nil)
    #expect(Principals.groupName(4_000_000_000) == nil && Principals.groupID("no such") == nil)
  }
}

@Suite struct LogTests {
  private func entry(_ message: String) -> LogEntry {
    let entries = Mutex<[LogEntry]>([])
    let log = Log(clock: FixedClock()) { entry in entries.withLock { $0.append(entry) } }
    log(.warning, "job.held", message, ("job", "video_1"))
    log(.debug, "never.seen", message)
    #expect(entries.withLock { $0.count } == 1)
    return entries.withLock { $0[0] }
  }

  @Test("one entry is one line of JSON, one line for a terminal, one prefixed line, or fields")
  func faces() {
    let entry = entry("It was held.")
    #expect(
      String(decoding: entry.json, as: UTF8.self)
        == #"{"at":"2026-11-21T08:15:30.250Z","level":"warning","event":"job.held","#
        + #""message":"It was held.","job":"video_1"}"# + "\n")
    #expect(
      String(decoding: entry.human, as: UTF8.self)
        == "08:15:30.250 warning\tjob.held: It was held. job=video_1\n")
    #expect(
      String(decoding: entry.prefixed, as: UTF8.self)
        == "<4>job.held: It was held. job=video_1\n")
    #expect(
      entry.journalFields(identifier: "kinorad").map { String(decoding: $0, as: UTF8.self) } == [
        "MESSAGE=It was held.", "PRIORITY=4", "SYSLOG_IDENTIFIER=kinorad",
        "KINORA_EVENT=job.held", "KINORA_JOB=video_1",
      ])
  }

  @Test("line ends and terminal escapes in a value cannot forge an entry or move a cursor [P21]")
  func forging() {
    let entry = entry("a\n<0>forged\u{1b}]52;c;\u{9b}2J\r")
    #expect(entry.json.filter { $0 == 10 }.count == 1)
    for line in [entry.human, entry.prefixed] {
      #expect(line.filter { $0 == 10 }.count == 1)
      #expect(!line.contains(0x1b) && !line.contains(0x0d))
      #expect(!String(decoding: line, as: UTF8.self).unicodeScalars.contains("\u{9b}"))
    }
  }

  @Test("an error is logged with its code and field; a secret prints as stars")
  func errors() {
    let entries = Mutex<[LogEntry]>([])
    let log = Log(minimum: .error, clock: FixedClock()) { entry in
      entries.withLock { $0.append(entry) }
    }
    log(.error, "config.bad", KinoraError(.configuration, "no", field: "listen"))
    log(.warning, "dropped", "below the threshold")
    log.with(minimum: .debug)(.debug, "seen", "\(Secret("sk-canary"))")
    let all = entries.withLock { $0 }
    #expect(all.map(\.event) == ["config.bad", "seen"])
    #expect(all[0].fields.map(\.value) == ["configuration", "listen"])
    #expect(all[1].message == "***")
    #expect(LogLevel(word: "notice") == .notice && LogLevel(word: "loud") == nil)
  }
}
