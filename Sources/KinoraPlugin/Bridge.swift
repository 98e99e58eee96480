public import CKinoraPlugin

extension Provider {
  /// The C step function of this provider: reads the event, calls the verb, writes the step.
  public static func step(_ event: UnsafePointer<kn_event>?, _ out: UnsafePointer<kn_out>?)
    -> kn_status
  {
    guard let event, let out else { return kn_status(KN_BUG) }
    let told = sized(event, as: kn_event.self)
    let answer = sized(out, as: kn_out.self)
    do throws(Failure) {
      try write(try Self().verb(for: told), to: answer)
      return kn_status(KN_OK)
    } catch {
      guard error.code != .unsupported else { return kn_status(KN_UNSUPPORTED) }
      write(error, to: answer)
      return kn_status(KN_OK)
    }
  }

  private func verb(for event: kn_event) throws(Failure) -> Step<State> {
    let kind = Int(event.kind)
    // An event of a newer host is declined before anything of it is read.
    guard
      [KN_BEGIN, KN_RESPONSE, KN_UNREACHABLE, KN_TIMER, KN_CANCEL, KN_RECONCILE, KN_ADOPT]
        .contains(where: { Int($0) == kind })
    else { throw .unsupported }
    let job = try Job(JSON(reading: event.job.raw) ?? .null)
    let context = Context(event)
    func state() throws(Failure) -> State { try SavedState.read(event.state.raw, Self.self) }
    switch kind {
    case Int(KN_BEGIN): return try begin(job, context)
    case Int(KN_RESPONSE):
      guard let response = event.response else {
        throw Failure(.protocol, "the host gave no response with a response event")
      }
      return try received(
        Response(sized(response, as: kn_response.self)), in: state(), job, context)
    case Int(KN_UNREACHABLE): return try unreachable(in: state(), job, context)
    case Int(KN_TIMER): return try resumed(in: state(), job, context)
    case Int(KN_CANCEL): return try cancelled(in: state(), job, context)
    case Int(KN_RECONCILE):
      let saved = event.state.len == 0 ? nil : try state()
      return try reconciled(in: saved, job, context)
    default: return try adopted(event.handle.text, job, context)
    }
  }

  private static func write(_ step: Step<State>, to out: kn_out) throws(Failure) {
    // Everything that can fail comes first: a failure must be the only verdict.
    try step.check()
    let saved: [UInt8]? =
      switch step.verdict {
      case .send(_, let state), .wait(_, let state):
        try SavedState.write(state, version: stateVersion)
      case .succeed: nil
      }
    if let handle = step.handle, let write = out.handle { lend(handle) { write(out.ctx, $0) } }
    if step.permille != nil || step.note != nil, let write = out.progress {
      lend(step.note ?? "") { write(out.ctx, step.permille ?? .max, $0) }
    }
    if let saved, let write = out.state { lend(saved) { write(out.ctx, $0) } }
    switch step.verdict {
    case .send(let request, _): if let send = out.send { request.lend { send(out.ctx, $0) } }
    case .wait(let milliseconds, _): out.wait?(out.ctx, milliseconds)
    case .succeed(let output):
      if let succeed = out.succeed { lend(output.json.bytes) { succeed(out.ctx, $0) } }
    }
  }

  private static func write(_ failure: Failure, to out: kn_out) {
    guard let fail = out.fail else { return }
    lend(failure.message) { message in
      var failure = kn_failure(
        struct_size: UInt32(MemoryLayout<kn_failure>.size), code: failure.code.rawValue,
        flags: failure.isRetryable ? UInt32(KN_RETRYABLE) : 0, retry_after_ms: failure.retryAfter,
        message: message)
      fail(out.ctx, &failure)
    }
  }
}

extension Context {
  init(_ event: kn_event) {
    now = Int64(clamping: event.now_ms)
    attempt = Int(event.attempt)
    ordinal = Int(event.ordinal)
    phase =
      switch Int(event.phase) {
      case Int(KN_CANCEL): .cancel
      case Int(KN_RECONCILE): .reconcile
      default: .begin
      }
    seed = withUnsafeBytes(of: event.seed) { bytes in
      String(
        decoding: bytes.flatMap { [hexDigit($0 >> 4), hexDigit($0 & 15)] }, as: UTF8.self)
    }
    config = JSON(reading: event.config.raw) ?? .null
  }
}

extension Response {
  init(_ response: kn_response) {
    status = Int(response.status)
    body = Array(response.body.raw)
    tag = response.tag.text
    headers = [:]
    for i in 0..<(response.headers == nil ? 0 : response.header_count) {
      headers.add(response.headers[i].name.text, response.headers[i].value.text)
    }
    spools = []
    for i in 0..<(response.spools == nil ? 0 : response.spool_count) {
      let spool = response.spools[i]
      spools.append(Spool(ref: spool.ref.text, pointer: spool.pointer.text, length: spool.length))
    }
  }
}
