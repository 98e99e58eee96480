import KinoraCore
import KinoraHTTP
import KinoraModel

/// The jobs of one request of a synchronous door: as many as its number of results needs.
struct DoorBatch: Sendable {
  /// In the order they were made.
  var ids: [JobID]
  /// The records as they were accepted.
  var accepted: [Accepted]

  /// The ids as a header field and as JSON.
  var names: String { ids.map(\.rawValue).joined(separator: ", ") }
  var json: JSON { .array(ids.map { .string($0.rawValue) }) }
}

extension APIService {
  /// Makes `submission.request.count` results with as few jobs as the model allows. Each further job
  /// has the client's key with a number behind it, so that a repeat finds all of them again. When one
  /// is refused the ones before it are cancelled, and the error says so.
  ///
  /// Who does not wait (`Prefer: respond-async`) comes through a door of its own: only the others'
  /// answers leave with the end.
  func makeAll(
    _ submission: Submission, _ inputs: [WantedInput] = [], _ call: Call
  ) async throws(KinoraError) -> DoorBatch {
    var submission = submission
    submission.answersAtEnd = !Self.prefersAsync(call)
    if !submission.answersAtEnd { submission.door += ".async" }
    let count = submission.request.count
    let most = max(1, try service.entry(for: submission).model.maxCount)
    let total = submission.request.maxCost
    submission.request.count = min(count, most)
    try await complete(&submission, inputs)
    let key = submission.key
    var batch = DoorBatch(ids: [], accepted: [])
    var left = count
    while left > 0 {
      let part = min(left, most)
      submission.request.count = part
      submission.request.maxCost = total.map {
        MicroUSD($0.rawValue * Int64(part) / Int64(count))
      }
      submission.key = key.map { batch.ids.isEmpty ? $0 : "\($0) \(batch.ids.count + 1)" }
      let accepted: Accepted
      do throws(KinoraError) {
        accepted = try await service.submit(submission)
      } catch {
        throw await undone(batch, of: submission, error)
      }
      if !accepted.isReplay, !accepted.isAttached { counter.accepted(accepted.record) }
      batch.accepted.append(accepted)
      batch.ids.append(accepted.record.id)
      left -= part
    }
    return batch
  }

  private func undone(
    _ batch: DoorBatch, of submission: Submission, _ error: KinoraError
  ) async -> KinoraError {
    guard !batch.ids.isEmpty else { return error }
    for accepted in batch.accepted where !accepted.isReplay && !accepted.isAttached {
      _ = try? await service.cancel(accepted.record.id, submission.viewer)
    }
    var told = error
    told.message +=
      "; \(batch.ids.count) results were begun before it and are cancelled: \(batch.names)"
    return told
  }

  /// The jobs once all are outwardly over. Throws `pollTimeout` when that takes longer than
  /// `seconds`, and `draining`; the jobs go on.
  func outcomes(
    _ batch: DoorBatch, _ viewer: Viewer, seconds: Double
  ) async throws(KinoraError) -> [JobRecord] {
    let end = clock.steady() + Milliseconds(seconds * 1000)
    var records: [JobRecord] = []
    for id in batch.ids {
      let left = max(0, end - clock.steady())
      let record = try await service.wait(id, viewer, milliseconds: left)
      guard record.state.isOutwardlyOver else {
        if admin.isDraining {
          throw KinoraError(.draining, "kinorad is stopping; \(id) goes on", retryAfter: 2)
        }
        throw KinoraError(
          .pollTimeout,
          "it takes longer than \(seconds.plain) s; the job goes on: GET /v1/videos/\(id)")
      }
      records.append(record)
    }
    return records
  }

  /// Those that have a result; throws why there is none when none has. What was paid for is handed
  /// out even when a neighbour failed.
  static func completed(_ records: [JobRecord]) throws(KinoraError) -> [JobRecord] {
    let done = records.filter { $0.state == .completed }
    if done.isEmpty, let first = records.first, let failure = failure(of: first) { throw failure }
    return done
  }

  /// The answer for an error of jobs that exist: with their ids, and never to be repeated blindly.
  func refusal(_ error: KinoraError, of batch: DoorBatch, _ call: Call) -> HTTPResponse {
    let error = told(error, call)
    var response =
      call.dialect?.problem(error, call.requestID)
      ?? Answer.problem(error, requestID: call.requestID, place: .body)
    Answer.forbidRepeat(&response)
    return tagged(response, batch)
  }

  /// The answer with the ids in a header, and its delivery noted for the guard against repeats where
  /// it does not note that itself.
  func tagged(_ response: HTTPResponse, _ batch: DoorBatch) -> HTTPResponse {
    var response = response
    response.fields.append("x-kinora-job", batch.names)
    if batch.accepted.contains(where: \.isReplay) {
      response.fields.append("Idempotent-Replayed", "true")
    }
    let ids = batch.ids
    if response.sent == nil {
      response.sent = { [service] whole in for id in ids { service.delivered(id, whole: whole) } }
    }
    return response
  }

  /// A new place for media in an answer.
  var holes: MediaHoles { MediaHoles(nonce: entropy.bytes(12).hexadecimal) }

  /// Where a file of a job is fetched: absolute, at the address that the client itself used.
  static func contentURL(_ id: JobID, _ index: Int, _ call: Call) -> String {
    "\(origin(call))/v1/videos/\(id)/content?index=\(index)"
  }

  /// `http://` and the Host that the client used; it was checked before the request came here.
  static func origin(_ call: Call) -> String {
    let host = call.request.fields["host"] ?? ""
    return "http://\(host.isEmpty ? "kinora" : host)"
  }

  /// `Prefer: respond-async` (RFC 7240 §4.1): the client does not want to wait.
  static func prefersAsync(_ call: Call) -> Bool {
    call.request.fields.values("prefer").contains { field in
      field.split(separator: ",").contains {
        $0.filter { $0 != " " }.lowercased() == "respond-async"
      }
    }
  }
}
