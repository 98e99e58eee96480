import KinoraLoop

extension HTTPConnection {
  /// Bytes that were read and not handled yet.
  private var unhandled: Int { ahead + stash.count - stashStart }

  /// Begins the answer to the present request.
  func answer(_ response: HTTPResponse) {
    exchange.sent = response.sent
    // While draining, a request of which something was read already is still answered.
    if server.isDraining, unhandled == 0 { exchange.keepAlive = false }
    switch response.body {
    case .none: answer(response, [])
    case .bytes(let bytes): answer(response, bytes)
    case .file(let file): answer(response, file)
    case .stream(let streaming): answer(response, streaming)
    case .wire(let wire): answer(wire)
    }
  }

  /// What a 304 leaves out: a client that keeps the answer has it, and a cache goes by the rest
  /// (RFC 9110 §15.4.5).
  private static let ofRepresentation: Set = [
    "content-type", "content-disposition", "x-content-type-options", "accept-ranges",
    "last-modified",
  ]

  private func answer(_ response: HTTPResponse, _ body: [UInt8]) {
    let bodiless = response.status == 204 || response.status == 304
    var response = response
    if response.status == 304 {
      response.fields.keep { !Self.ofRepresentation.contains($0.lowercased()) }
    }
    let sendsBody = !exchange.isHead && !bodiless && !body.isEmpty
    writeHead(response, bodiless ? .none : .length(Int64(body.count)))
    exchange.isWhole = true
    if sendsBody, body.count <= limits.inlineBodyBytes {
      server.scratch += body
      writeScratch(more: false)
    } else {
      writeScratch(more: sendsBody)
      if sendsBody { output.append(body) }
    }
    flush()
  }

  /// Puts the head into the server's scratch space.
  func writeHead(_ response: HTTPResponse, _ framing: ResponseHead.Framing) {
    server.scratch.removeAll(keepingCapacity: true)
    var fields = response.fields
    if let origin = exchange.crossOrigin { CrossOrigin.add(origin, to: &fields) }
    ResponseHead(
      status: response.status, framing: framing, closes: !exchange.keepAlive,
      tellsKeepAlive: exchange.minor == 0
    ).write(fields, date: server.date, to: &server.scratch)
  }

  /// Everything was handed to the kernel.
  func finishAnswer() {
    let sent = exchange.sent
    exchange.sent = nil
    exchange.conditions = HTTPFields()
    if stream != nil { endStreamState() }
    sent?(true)
    guard activity == .answering else { return }
    if exchange.keepAlive {
      activity = .reading
      clearDeadline()
      pump()
    } else if exchange.resets {
      reset()
    } else if exchange.unread || readable || unhandled > 0 {
      linger()
    } else {
      close()
    }
  }
}
