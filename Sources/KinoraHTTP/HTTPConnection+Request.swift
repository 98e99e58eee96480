import Glibc
import KinoraLoop

extension HTTPConnection {
  /// The head of a request with a body is complete.
  func begin(_ parser: RequestParser, more: Bool) {
    guard let head = accept(parser), let request = exchange.request else { return }
    let limit: Int
    let sink: (any HTTPBodySink)?
    switch server.service.plan(request) {
    case .collect(let most): (limit, sink) = (most, nil)
    case .stream(let target, let most): (limit, sink) = (most, target)
    case .refuse(let response): return answerUnread(response)
    }
    if head.contentLength > UInt64(max(0, limit)) { return refuseTooLarge() }
    parser.bodyLimit = UInt64(max(0, limit))
    incoming = IncomingBody(limit: limit, sink: sink, declared: head.contentLength)
    // Asked before sending, told to go on; a client that has begun to send needs no answer, and
    // HTTP/1.0 knows none.
    if !more, head.minor >= 1, head.marked.expect != nil {
      write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
  }

  /// The whole message is there.
  func complete(_ parser: RequestParser) {
    if incoming == nil {
      guard let head = accept(parser), let request = exchange.request else { return }
      if head.method == "OPTIONS", request.path == "*" {
        endInput()
        return answer(HTTPResponse(status: 204))
      }
      if head.method == "OPTIONS", exchange.crossOrigin != nil,
        request.fields["access-control-request-method"] != nil
      {
        endInput()
        return answer(CrossOrigin.preflight(request.fields))
      }
      switch head.method {
      case "POST", "PUT", "PATCH":
        switch server.service.plan(request) {
        case .collect: break
        case .stream(let sink, _): exchange.request?.sink = sink
        case .refuse(let response):
          endInput()
          return answer(response)
        }
      default: break
      }
    } else if let incoming {
      exchange.request?.body = incoming.bytes
      exchange.request?.sink = incoming.sink
    }
    endInput()
    guard let request = exchange.request else { return }
    exchange.request = nil
    respond(request)
  }

  private func endInput() {
    incoming = nil
    if let parser { server.giveBack(parser) }
    parser = nil
    activity = .answering
    clearDeadline()
  }

  /// Applies the rules; nil when the request was refused.
  private func accept(_ parser: RequestParser) -> RequestHead? {
    let head = parser.head()
    ordinal += 1
    exchange.isHead = head.method == "HEAD"
    exchange.method = head.method
    exchange.minor = head.minor
    exchange.keepAlive = head.keepAlive
    exchange.crossOrigin = listener.rules.crossOrigin(head.marked)
    do throws(HTTPProblem) {
      let target = try RequestRules.check(head, listener.rules, knownHost: listener.knownHost)
      if head.marked.hosts == 1, listener.knownHost != head.marked.host {
        listener.knownHost = head.marked.host
      }
      if head.marked.conditional { exchange.conditions = head.fields }
      exchange.request = HTTPRequest(
        method: head.method, path: target.path, query: target.query, fields: head.fields,
        peer: peer, listener: listener.name, connection: id, ordinal: ordinal)
      server.counters.didReceiveRequest()
      return head
    } catch {
      server.counters.didRefuse()
      refuse(error.status, error.reason)
      return nil
    }
  }

  private func respond(_ request: HTTPRequest) {
    switch server.service.respond(request) {
    case .now(let response): answer(response)
    case .later(let work):
      let ordinal = self.ordinal
      runTask { [self] in
        let response = await work()
        await loop.perform { [self] in finished(response, ordinal) }
      }
    }
  }

  private func finished(_ response: HTTPResponse, _ ordinal: Int) {
    if activity == .answering, ordinal == self.ordinal {
      answer(response)
    } else {
      Self.discard(response)
    }
  }

  /// An answer that reaches nobody.
  static func discard(_ response: HTTPResponse) {
    if case .file(let file) = response.body { Glibc.close(file.descriptor) }
    response.sent?(false)
  }

  // Answers before the request was read to its end.

  func refuse(_ status: Int, _ reason: String) {
    var response = server.service.refusal(status: status, reason: reason)
    // RFC 9110 §15.5.6 wants the field; no path was looked at, so it tells what there is at all.
    if status == 405 { response.fields.replace("Allow", Self.methods) }
    answerUnread(response)
  }
  private static let methods = "GET, HEAD, POST, PUT, DELETE, OPTIONS"

  func refuseTooLarge() {
    server.counters.didRefuse()
    refuse(413, "the request body is larger than allowed here")
  }

  /// Answers and closes: where the next request would begin is not known.
  func answerUnread(_ response: HTTPResponse) {
    exchange.request = nil
    exchange.keepAlive = false
    exchange.unread = true
    endInput()
    answer(response)
  }
}
