import CKinoraPlugin
import KinoraModel

/// Lends an event as the C struct for one call.
func lend(_ event: PluginEvent, _ body: (UnsafePointer<kn_event>) -> Void) {
  var made = kn_event()
  made.struct_size = UInt32(MemoryLayout<kn_event>.size)
  made.attempt = UInt32(clamping: event.attempt)
  made.ordinal = UInt32(clamping: event.ordinal)
  made.now_ms = UInt64(clamping: event.now)
  made.phase =
    switch event.phase {
    case .begin: UInt32(KN_BEGIN)
    case .cancel: UInt32(KN_CANCEL)
    case .reconcile: UInt32(KN_RECONCILE)
    }
  withUnsafeMutableBytes(of: &made.seed) { seed in
    for i in 0..<min(seed.count, event.seed.count) { seed[i] = event.seed[i] }
  }
  lend(event.job) { job in
    lend(event.config) { config in
      lend(event.state) { state in
        made.job = job
        made.config = config
        made.state = state
        switch event.kind {
        case .begin: lend(made, KN_BEGIN, body)
        case .unreachable: lend(made, KN_UNREACHABLE, body)
        case .timer: lend(made, KN_TIMER, body)
        case .cancel: lend(made, KN_CANCEL, body)
        case .reconcile: lend(made, KN_RECONCILE, body)
        case .adopt(let handle):
          lend(Array(handle.utf8)) { handle in
            made.handle = handle
            lend(made, KN_ADOPT, body)
          }
        case .response(let response):
          lend(response) { response in
            made.response = response
            lend(made, KN_RESPONSE, body)
          }
        }
      }
    }
  }
}

private func lend(_ event: kn_event, _ kind: Int, _ body: (UnsafePointer<kn_event>) -> Void) {
  var event = event
  event.kind = UInt32(kind)
  body(&event)
}

private func lend<R>(_ bytes: [UInt8], _ body: (kn_bytes) -> R) -> R {
  bytes.withUnsafeBytes { raw in
    body(kn_bytes(ptr: raw.bindMemory(to: CChar.self).baseAddress, len: raw.count))
  }
}

/// All short texts of an answer lie in one arena that is gone after the call.
private func lend(_ response: ProviderResponse, _ body: (UnsafePointer<kn_response>) -> Void) {
  var arena: [UInt8] = []
  func add(_ text: String) -> Range<Int> {
    let start = arena.count
    arena.append(contentsOf: text.utf8)
    return start..<arena.count
  }
  let tag = add(response.tag)
  let fields = response.fields.map { (add($0.name), add($0.value)) }
  let spools = response.spools.map { (add($0.ref), add($0.pointer), $0.length) }
  arena.withUnsafeBytes { raw in
    let base = raw.bindMemory(to: CChar.self).baseAddress
    func span(_ range: Range<Int>) -> kn_bytes {
      kn_bytes(ptr: base.map { $0 + range.lowerBound }, len: range.count)
    }
    let headers = fields.map { kn_header(name: span($0.0), value: span($0.1)) }
    let files = spools.map {
      kn_spool(ref: span($0.0), pointer: span($0.1), length: UInt64(clamping: $0.2))
    }
    lend(response.body) { bytes in
      headers.withUnsafeBufferPointer { headers in
        files.withUnsafeBufferPointer { files in
          var made = kn_response(
            struct_size: UInt32(MemoryLayout<kn_response>.size),
            status: UInt32(clamping: response.status), body: bytes, tag: span(tag),
            headers: headers.baseAddress, header_count: headers.count, spools: files.baseAddress,
            spool_count: files.count)
          body(&made)
        }
      }
    }
  }
}
