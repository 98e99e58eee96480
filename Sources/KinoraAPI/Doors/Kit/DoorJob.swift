import KinoraCore
import KinoraHTTP
import KinoraModel

/// What doors do with jobs: each translates, none owns anything. A job made here is watched, cancelled
/// and fetched through every other door.
///
/// Every door goes the same way: its own reader makes a `GenerationRequest` and the media of a body,
/// `submission` adds who asks and with which key, `make` (or `makeAll`, for several results) makes the
/// job, `watch` or `outcome` waits, and the door words the record. ``Dialect`` words errors.
extension APIService {
  /// Names the tenant for dialects that have no field for one.
  static let tenantField = "X-Kinora-Tenant"
  /// Names the style for dialects that have no field for one.
  static let styleField = "X-Kinora-Style"

  /// A submission through a door, without its media. `door` is its row in `DoorDefaults.table`.
  func submission(
    _ request: GenerationRequest, door: String, _ call: Call
  ) throws(KinoraError) -> Submission {
    if let field = call.request.fields.list.first(where: {
      $0.name.lowercased().hasPrefix("x-byok-")
    }) {
      throw KinoraError(
        .badField, "\(field.name): a provider's key is kept in the configuration, not sent",
        field: field.name)
    }
    var submission = Submission(
      request: request, viewer: call.viewer, door: door,
      key: try IdempotencyKey.read(call.request.fields))
    submission.isMarkedRepeat = Self.isMarkedRepeat(call.request.fields)
    submission.connection = call.request.connection
    let request = submission.request
    if let name = try Self.named(Self.tenantField, request.tenant, "tenant", call) {
      submission.request.tenant = try Self.tenant(name)
    }
    if let name = try Self.named(Self.styleField, request.stylePreset, "style", call) {
      submission.request.stylePreset = name
    }
    return submission
  }

  /// What a header field names in place of the body. Throws `badField` when both name something else.
  private static func named(
    _ field: String, _ own: String?, _ what: String, _ call: Call
  ) throws(KinoraError) -> String? {
    guard let name = call.request.fields[field] else { return own }
    guard own ?? name == name else {
      throw KinoraError(
        .badField, "\(field) names another \(what) than the body", field: field,
        allowed: ["one of them"])
    }
    return name
  }

  /// Stores the media, checks everything and makes the job. Throws whatever is wrong with it, before
  /// any money is spent.
  func make(
    _ submission: Submission, _ inputs: [WantedInput] = []
  ) async throws(KinoraError) -> Accepted {
    var submission = submission
    try await complete(&submission, inputs)
    let accepted = try await service.submit(submission)
    if !accepted.isReplay, !accepted.isAttached { counter.accepted(accepted.record) }
    return accepted
  }

  /// The job once it is outwardly over, or as it stands after `seconds`.
  func outcome(_ id: JobID, _ viewer: Viewer, seconds: Int) async throws(KinoraError) -> JobRecord {
    try await service.wait(id, viewer, milliseconds: Milliseconds(seconds) * 1000)
  }

  /// Why a job that is outwardly over has no result, as the error that a synchronous door answers;
  /// nil for a completed one.
  static func failure(of record: JobRecord) -> KinoraError? {
    guard let (code, message) = JobRenderer.failure(of: record) else { return nil }
    return KinoraError(code, message, providerMessage: record.failure?.providerMessage)
  }

  /// The files of a completed job, open. Throws `artifactExpired`.
  func files(of record: JobRecord) throws(KinoraError) -> [(
    artifact: Artifact, file: MediaText.MediaFile
  )] {
    var files: [(artifact: Artifact, file: MediaText.MediaFile)] = []
    for artifact in record.artifacts {
      guard let path = artifacts.path(sha256: artifact.sha256) else {
        throw KinoraError(.artifactExpired, "the file of \(record.id) was removed")
      }
      let file = try MediaText.MediaFile(path: path, length: artifact.bytes, of: record)
      files.append((artifact, file))
    }
    return files
  }

  /// Calls `each` with the job now and after every change, until it is outwardly over, `each` says
  /// false, or the task is cancelled (the client left). Nothing is polled. With `every`, `each` is
  /// called as well whenever so many milliseconds passed without a change.
  func watch(
    _ id: JobID, _ viewer: Viewer, every: Milliseconds? = nil, each: (JobRecord) async -> Bool
  ) async throws(KinoraError) {
    var seen = -1
    var isDue = false
    while !Task.isCancelled {
      let head = service.hub.head
      let record = try await service.job(id, viewer)
      if record.sequence != seen || isDue {
        seen = record.sequence
        guard await each(record) else { return }
      }
      if record.state.isOutwardlyOver { return }
      if admin.isDraining {
        throw KinoraError(.draining, "kinorad is stopping; \(id) goes on", retryAfter: 2)
      }
      isDue = await changed(id, after: head, within: every)
    }
  }

  /// Waits for a change; true when the time passed first.
  private func changed(
    _ id: JobID, after head: Int64, within time: Milliseconds?
  ) async -> Bool {
    guard let time else {
      await service.hub.wait(.job(id), after: head)
      return false
    }
    let end = clock.steady() + time
    return await withTaskGroup(of: Bool.self) { group in
      group.addTask { [service] in
        await service.hub.wait(.job(id), after: head)
        return false
      }
      group.addTask { [clock] in
        await clock.sleep(untilSteady: end)
        return true
      }
      let isLate = await group.next() ?? false
      group.cancelAll()
      return isLate
    }
  }
}
