import CCurl
import Glibc
import KinoraModel

/// The daemon behind a Unix socket.
struct Client {
  /// Bytes of a socket's path (`sun_path` of unix(7), less its final zero).
  static let longestSocketPath = 107

  let socket: String

  /// Sends and reads the answer, whatever its status. Throws when there is no answer.
  func exchange(_ request: Request, signals: Signals? = nil) throws(Failure) -> Answer {
    try check()
    let transfer = try Transfer(request, socket: socket)
    let code = try run(transfer, signals: signals)
    guard code == CURLE_OK else { throw unreachable(transfer, code) }
    return Answer(status: transfer.status, body: transfer.received)
  }

  /// Sends and reads the answer; one that is not a success is thrown in words.
  func send(_ request: Request, signals: Signals? = nil) throws(Failure) -> Answer {
    let answer = try exchange(request, signals: signals)
    guard answer.isSuccess else { throw Problem.failure(answer) }
    return answer
  }

  /// The same for an answer that must be JSON.
  func json(_ request: Request, signals: Signals? = nil) throws(Failure) -> JSON {
    let answer = try send(request, signals: signals)
    guard let json = answer.json else {
      throw Failure(exit: .unreachable, what: "what answers at \(socket) does not speak JSON")
    }
    return json
  }

  /// Runs one exchange to its end, calling `tick` a few times a second.
  func run(
    _ transfer: Transfer, signals: Signals? = nil, tick: () throws(Failure) -> Void = {}
  ) throws(Failure) -> CURLcode {
    let transfers = try Transfers(signals: signals)
    transfers.add(transfer)
    while true {
      if let ended = try transfers.step(milliseconds: 200).first { return ended.code }
      try tick()
    }
  }

  /// A path that no socket can have is told before libcurl words it.
  func check() throws(Failure) {
    if socket.isEmpty { throw .usage("--socket needs a value: --socket PATH") }
    guard socket.utf8.count > Self.longestSocketPath else { return }
    throw .usage(
      "the socket's path has \(socket.utf8.count) bytes, the system takes "
        + "\(Self.longestSocketPath)", "path: \(socket)")
  }

  /// Why there was no answer, and what to do.
  func unreachable(_ transfer: Transfer, _ code: CURLcode) -> Failure {
    guard code == CURLE_COULDNT_CONNECT else {
      return Failure(
        exit: .unreachable,
        what:
          "the daemon at \(socket) gave no answer: \(String(cString: curl_easy_strerror(code)))",
        todo: ["see: journalctl -u kinora"])
    }
    let number = transfer.connectError
    if number == EACCES {
      return Failure(
        exit: .notAllowed, what: "you may not open \(socket)",
        todo: ["its group may: sudo usermod -aG kinora $USER, then log in again"])
    }
    return Failure(
      exit: .unreachable, what: "no daemon at \(socket): \(systemMessage(number))",
      todo: [
        "start it: sudo systemctl start kinora",
        "or try everything without root and keys: kinora sandbox",
        "another socket: --socket PATH or KINORA_SOCKET",
      ])
  }
}
