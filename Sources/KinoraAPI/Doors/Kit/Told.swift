import KinoraCore
import KinoraHTTP
import KinoraModel
import Synchronization

/// Whether a stream came to its last word, and which results stood in it. The closure that writes sets
/// it; what runs when the answer has left reads it: a stream that was cut is whole for the kernel, not
/// for the client.
final class Told: Sendable {
  private let state = Mutex<(isWhole: Bool, carried: [JobRecord])>((false, []))

  /// Results that the client has when the answer has left whole.
  func carries(_ records: [JobRecord]) { state.withLock { $0.carried += records } }

  func set() { state.withLock { $0.isWhole = true } }

  fileprivate var end: (isWhole: Bool, carried: [JobRecord]) { state.withLock { $0 } }
}

extension APIService {
  /// What happens when an answer about `ids` has left. Who got its last byte has taken the results in
  /// it, as who reads `/content` to its end; who went away before has not.
  func whenLeft(
    _ ids: [JobID], _ told: Told, _ call: Call
  ) -> @Sendable (_ whole: Bool) -> Void {
    { [service] whole in
      let end = told.end
      let isWhole = whole && end.isWhole
      for id in ids { service.delivered(id, whole: isWhole) }
      guard isWhole else { return }
      for record in end.carried { service.wasRead(record, call.viewer) }
    }
  }

  /// An answer with media in it, about `ids`.
  func answer(_ text: MediaText, _ ids: [JobID], _ call: Call) -> HTTPResponse {
    let told = Told()
    told.carries(text.carried)
    var response = HTTPResponse(
      status: 200, fields: ["Content-Type": "application/json"],
      body: .stream(
        HTTPStreaming(heartbeat: []) { stream in
          do throws(HTTPGone) {
            try await text.write(to: stream)
            told.set()
          } catch {}
        }))
    response.sent = whenLeft(ids, told, call)
    return response
  }
}
