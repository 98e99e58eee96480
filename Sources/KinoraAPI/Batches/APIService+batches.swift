import KinoraCore
import KinoraHTTP
import KinoraModel

/// `/v1/batches`: several requests at once. All of them are checked before any becomes a job; what a
/// budget or a full queue refuses afterwards is told for each, and the same key again makes what is
/// missing and nothing twice.
extension APIService {
  func createBatch(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let batch = try BatchRequest(try parsed(call.request))
      let key = try IdempotencyKey.read(call.request.fields)
      var report = BatchObject(id: batchID(key, call), total: batch.items.count)
      var submissions: [Submission] = []
      for (place, item) in batch.items.enumerated() {
        do throws(KinoraError) {
          submissions.append(try await submission(item, place, of: report, call))
        } catch {
          throw BatchRequest.placed(error, place)
        }
      }
      var isReplay = true
      for (place, submission) in submissions.enumerated() {
        do throws(KinoraError) {
          let accepted = try await service.submit(submission)
          if !accepted.isReplay { counter.accepted(accepted.record) }
          isReplay = isReplay && accepted.isReplay
          report.jobs[place] = accepted.record
        } catch {
          report.refusals[place] = told(error, call)
        }
      }
      if report.jobs.isEmpty, let first = report.refusals[0] {
        throw BatchRequest.placed(first, 0)
      }
      var response = Answer.json(report.json)
      response.fields.append("Location", "/v1/batches/\(report.id)")
      if isReplay { response.fields.append("Idempotent-Replayed", "true") }
      return response
    }
  }

  func getBatch(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["wait"])
      let wait = try Call.number(query, "wait", in: 0...600) ?? 0
      let end = clock.steady() + Milliseconds(wait) * 1000
      var batch = try await batch(call)
      for record in batch.jobs.values where !record.state.isOutwardlyOver {
        let left = end - clock.steady()
        guard left > 0, !admin.isDraining else { break }
        _ = try await service.wait(record.id, call.viewer, milliseconds: left)
      }
      if wait > 0 { batch = try await self.batch(call) }
      return Answer.json(batch.json)
    }
  }

  private func batch(_ call: Call) async throws(KinoraError) -> BatchObject {
    let id = call.values.first ?? ""
    var query = JobQuery()
    query.metadata = [BatchRequest.idKey: id]
    query.limit = 1000
    query.ascending = true
    let records = try await service.jobs(query, call.viewer).jobs
    guard let batch = BatchObject(id: id, records) else {
      throw KinoraError(.notFound, "there is no batch \(id.prefix(80))")
    }
    return batch
  }

  /// One request, checked, with its media stored. Its key follows from the batch's and its place.
  private func submission(
    _ item: VideoFields, _ place: Int, of batch: BatchObject, _ call: Call
  ) async throws(KinoraError) -> Submission {
    var request = item.request
    request.metadata[BatchRequest.idKey] = batch.id
    request.metadata[BatchRequest.placeKey] = "\(place + 1)/\(batch.total)"
    var submission = Submission(
      request: request, viewer: call.viewer, door: "videos", key: "\(batch.id):\(place)")
    submission.models = item.models
    submission.connection = call.request.connection
    try await complete(&submission, item.inputs)
    _ = try service.quote(submission)
    return submission
  }

  /// The same for the same client and key, so that nothing has to be remembered.
  private func batchID(_ key: String?, _ call: Call) -> String {
    let name = key.map { service.name(of: "batch\n\(call.viewer.client)\n\($0)") }
    return "batch_" + (name ?? entropy.bytes(16).hexadecimal)
  }
}
