import Glibc
import KinoraModel

/// The checks of `kinora doctor`: first what can be seen without the daemon, then what it says.
final class Checkup {
  private let client: Client
  private(set) var isReached = false

  init(_ invocation: Invocation) { client = invocation.client }

  func run() -> [Check] {
    var checks = [socket()]
    guard checks[0].status != .fail else { return checks }
    let answer: Answer
    do throws(Failure) {
      answer = try client.exchange(.get("/readyz?verbose"))
    } catch {
      checks.append(Check("daemon", .fail, error.what, fix: error.todo.first))
      return checks
    }
    isReached = true
    checks.append(ready(answer))
    checks.append(version())
    return checks + daemon()
  }

  private func socket() -> Check {
    let path = client.socket
    do throws(Failure) {
      try client.check()
    } catch {
      return Check("socket", .fail, error.what, fix: "take a shorter path in listen.unix.path")
    }
    var info = stat()
    guard stat(path, &info) == 0 else {
      let number = errno
      return Check(
        "socket", .fail, "\(path): \(systemMessage(number))",
        fix: "sudo systemctl start kinora, or kinora sandbox; --socket PATH for another one")
    }
    guard info.st_mode & S_IFMT == S_IFSOCK else {
      return Check("socket", .fail, "\(path) is not a socket", fix: "see listen.unix.path")
    }
    let mode = String(info.st_mode & 0o777, radix: 8)
    let facts = "\(path), mode \(mode), owner \(user(info.st_uid)), group \(group(info.st_gid))"
    if access(path, R_OK | W_OK) != 0 {
      return Check(
        "socket", .fail, "\(facts): you may not open it",
        fix: "sudo usermod -aG \(group(info.st_gid)) $USER, then log in again")
    }
    if info.st_mode & 0o002 != 0 {
      return Check(
        "socket", .warn, "\(facts): every user of this host may spend",
        fix: "listen.unix.mode: \"0660\"")
    }
    return Check("socket", .ok, facts)
  }

  private func ready(_ answer: Answer) -> Check {
    if answer.status == 200 { return Check("daemon", .ok, "ready") }
    let text = String(decoding: answer.body, as: UTF8.self)
    let reasons = text.split(separator: "\n").filter { $0.hasPrefix("[-]") }
    return Check(
      "daemon", .fail, "not ready: \(reasons.joined(separator: " "))",
      fix: "journalctl -u kinora -e")
  }

  private func version() -> Check {
    let daemon = (try? client.json(.get("/v1/version")))?["version"]?.string ?? "unknown"
    if daemon == Program.version { return Check("version", .ok, daemon) }
    return Check(
      "version", .warn, "kinorad is \(daemon), kinora is \(Program.version)",
      fix: "sudo systemctl restart kinora")
  }

  private func daemon() -> [Check] {
    let answer: Answer
    do throws(Failure) {
      answer = try client.exchange(.get("/v1/doctor"))
    } catch {
      return [Check("daemon's checks", .fail, error.what)]
    }
    if answer.status == 403 || answer.status == 401 {
      return [
        Check(
          "daemon's checks", .warn, "are for root and the daemon's own user",
          fix: "sudo kinora doctor")
      ]
    }
    guard answer.isSuccess, let list = answer.json?["checks"]?.array else {
      return [Check("daemon's checks", .fail, Problem.failure(answer).what)]
    }
    return list.map { Check($0) }
  }

  private func user(_ id: uid_t) -> String {
    guard let entry = getpwuid(id) else { return "\(id)" }
    return String(cString: entry.pointee.pw_name)
  }

  private func group(_ id: gid_t) -> String {
    guard let entry = getgrgid(id) else { return "\(id)" }
    return String(cString: entry.pointee.gr_name)
  }
}
