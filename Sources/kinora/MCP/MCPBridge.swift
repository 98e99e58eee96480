import CCurl
import Glibc
import KinoraModel

/// Carries messages of the Model Context Protocol between a host's pipes and the daemon's `/mcp`, as
/// many at once as the host asks. One line is one message; what a message means is the daemon's
/// business, save for `notifications/cancelled`, which ends the exchange that it names.
final class MCPBridge {
  /// How long a message waits for a daemon that is away.
  private static let patience: Milliseconds = 30_000
  private static let pause: Milliseconds = 500
  /// Bytes of a line: above what the daemon takes.
  private static let longestLine = 64 << 20

  private let client: Client
  private let transfers: Transfers
  private var line: [UInt8] = []
  private var isOpen = true
  private var running: [MCPExchange] = []
  /// What the handshake gave; later messages say it in their header fields.
  private var session: String?
  private var version: String?

  init(_ client: Client, _ signals: Signals) throws(Failure) {
    self.client = client
    transfers = try Transfers(signals: signals)
    transfers.input = 0
  }

  /// Until the host closes its end and all that it asked is answered.
  func run() throws(Failure) {
    while isOpen || !running.isEmpty {
      if isOpen { try readInput() }
      for exchange in running where exchange.transfer == nil && Now.steady >= exchange.due {
        try send(exchange)
      }
      for (transfer, code) in try transfers.step(milliseconds: 200) {
        guard let exchange = running.first(where: { $0.transfer === transfer }) else { continue }
        end(exchange, code)
      }
    }
  }

  private func readInput() throws(Failure) {
    var watched = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    while isOpen, poll(&watched, 1, 0) > 0 {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(0, &buffer, buffer.count)
      if count < 0, errno == EINTR || errno == EAGAIN { return }
      guard count > 0 else {
        isOpen = false
        transfers.input = -1
        return
      }
      for byte in buffer[0..<count] {
        if byte == 0x0a {
          take(line)
          line = []
        } else {
          line.append(byte)
        }
      }
      guard line.count <= Self.longestLine else { throw .usage("a message is too long") }
    }
  }

  private func take(_ line: [UInt8]) {
    guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) else { return }
    let json = (try? JSON.parse(line)) ?? .null
    if json["method"]?.string == "notifications/cancelled", json["id"] == nil {
      let name = json["params"]?["requestId"]
      for exchange in running where name != nil && exchange.id == name { drop(exchange) }
      return
    }
    running.append(MCPExchange(line, json))
  }

  private func send(_ exchange: MCPExchange) throws(Failure) {
    var request = Request.post("/mcp", .text(exchange.line))
    // A call of a tool waits for its video; the daemon's comments show that it lives.
    request.timeout = 0
    request.headers =
      ["accept: application/json, text/event-stream"]
      + exchange.headers(session: session, version: version)
    let transfer = try Transfer(request, socket: client.socket) { [unowned exchange] bytes in
      exchange.take(bytes)
      return true
    }
    exchange.transfer = transfer
    transfers.add(transfer)
  }

  private func end(_ exchange: MCPExchange, _ code: CURLcode) {
    guard let transfer = exchange.transfer else { return }
    // Nothing of the message was looked at: it may go once more.
    let isAway = code == CURLE_COULDNT_CONNECT || code == CURLE_OK && transfer.status == 503
    if isAway, Now.steady - exchange.since < Self.patience {
      exchange.transfer = nil
      exchange.due = Now.steady + Self.pause
      return
    }
    if let named = exchange.finish(code, client) {
      session = named.session
      version = named.version
    }
    drop(exchange)
  }

  private func drop(_ exchange: MCPExchange) {
    if let transfer = exchange.transfer { transfers.remove(transfer) }
    running.removeAll { $0 === exchange }
  }
}
