import CCurl
import Glibc

/// Several exchanges at once, and signals beside them: the one place where the program waits.
final class Transfers {
  private let multi: UnsafeMutableRawPointer
  private let signals: Signals?
  /// A descriptor whose input ends the waiting as well; -1 for none.
  var input: Int32 = -1
  private var running: [UnsafeMutableRawPointer: Transfer] = [:]

  init(signals: Signals? = nil) throws(Failure) {
    guard let multi = curl_multi_init() else {
      throw Failure(exit: .unreachable, what: "libcurl does not start")
    }
    self.multi = multi
    self.signals = signals
  }

  deinit {
    for transfer in running.values { curl_multi_remove_handle(multi, transfer.handle) }
    curl_multi_cleanup(multi)
  }

  func add(_ transfer: Transfer) {
    running[transfer.handle] = transfer
    curl_multi_add_handle(multi, transfer.handle)
  }

  func remove(_ transfer: Transfer) {
    if running.removeValue(forKey: transfer.handle) != nil {
      curl_multi_remove_handle(multi, transfer.handle)
    }
  }

  /// Works for at most this long and gives the exchanges that ended. Throws `interrupted`.
  func step(milliseconds: Int) throws(Failure) -> [(transfer: Transfer, code: CURLcode)] {
    if signals?.next() != nil { throw .interrupted }
    var left: Int32 = 0
    curl_multi_perform(multi, &left)
    var ended = collect()
    if ended.isEmpty {
      var extra: [curl_waitfd] = []
      for descriptor in [signals?.descriptor ?? -1, input] where descriptor >= 0 {
        var watched = curl_waitfd()
        watched.fd = descriptor
        watched.events = Int16(CURL_WAIT_POLLIN)
        extra.append(watched)
      }
      curl_multi_poll(multi, &extra, UInt32(extra.count), Int32(clamping: milliseconds), nil)
      if signals?.next() != nil { throw .interrupted }
      curl_multi_perform(multi, &left)
      ended = collect()
    }
    return ended
  }

  private func collect() -> [(transfer: Transfer, code: CURLcode)] {
    var ended: [(transfer: Transfer, code: CURLcode)] = []
    var code = CURLE_OK
    while let handle = kn_curl_multi_done(multi, &code) {
      guard let transfer = running[handle] else { break }
      remove(transfer)
      ended.append((transfer, code))
    }
    return ended
  }
}
