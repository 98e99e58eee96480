import KinoraHTTP
import KinoraModel

/// The events of a run as JSON, one value each, members in the order in which TanStack AI's
/// `generateVideo({stream: true})` has them.
struct RunEvents: Sendable {
  let runID: String
  let threadID: String
  /// How long this host keeps a job that is over; nil for ever.
  var life: Milliseconds?

  func started(at now: Milliseconds) -> JSON {
    [
      "type": "RUN_STARTED", "runId": .string(runID), "threadId": .string(threadID),
      "timestamp": .integer(now),
    ]
  }

  func created(_ id: JobID, at now: Milliseconds) -> JSON {
    custom("video:job:created", ["jobId": .string(id.rawValue)], now)
  }

  /// Members that are not known are left out, as `undefined` is in JSON.
  func status(_ record: JobRecord, at now: Milliseconds) -> JSON {
    custom("video:status", Self.status(record), now)
  }

  static func status(_ record: JobRecord) -> JSON {
    var value: [JSONMember] = [
      JSONMember("jobId", .string(record.id.rawValue)),
      JSONMember("status", .string(TanStackDoor.status(record))),
    ]
    if let progress = TanStackDoor.progress(record) {
      value.append(JSONMember("progress", .integer(progress)))
    }
    if let failure = TanStackDoor.failure(of: record) {
      value.append(JSONMember("error", .string(failure.message)))
    }
    return .object(value)
  }

  /// What feeds `onProgress`; nil where nothing is known.
  func progress(_ record: JobRecord, at now: Milliseconds) -> JSON? {
    guard let progress = TanStackDoor.progress(record) else { return nil }
    var value = [JSONMember("progress", .integer(progress))]
    if let note = record.note { value.append(JSONMember("message", .string(note))) }
    return custom("generation:progress", .object(value), now)
  }

  func result(_ record: JobRecord, _ request: HTTPRequest, at now: Milliseconds) -> JSON {
    custom("generation:result", result(record, request), now)
  }

  /// The value of `generation:result`, which is also the answer of the direct mode.
  func result(_ record: JobRecord, _ request: HTTPRequest) -> JSON {
    var value = JSON.object([
      JSONMember("jobId", .string(record.id.rawValue)), JSONMember("status", "completed"),
      JSONMember("url", .string(TanStackDoor.url(record, request))),
    ])
    if let expiry = expiry(record) { value = value.setting("expiresAt", expiry) }
    return value.setting("artifacts", artifacts(record, request))
  }

  /// ISO 8601, which its client makes a Date of; nil where results are kept for ever.
  func expiry(_ record: JobRecord) -> JSON? {
    JobRenderer.expiry(record, life: life).map { .string(UTC.timestamp($0)) }
  }

  /// References to what is stored. A client that restores a run after a reload ignores `url` of the
  /// result and takes the first output artifact with `source.mediaType` "video"; it drops one that
  /// lacks any of these members.
  func artifacts(_ record: JobRecord, _ request: HTTPRequest) -> JSON {
    .array(
      record.artifacts.enumerated().map { index, artifact in
        let medium = artifact.mime.prefix { $0 != "/" }
        return [
          "role": "output", "artifactId": .string("\(record.id)_\(index)"),
          "threadId": .string(threadID), "runId": .string(runID),
          "name": .string(APIService.fileName(record, artifact, index)),
          "mimeType": .string(artifact.mime), "size": .integer(artifact.bytes),
          "createdAt": .string(UTC.timestamp(record.endedAt ?? record.createdAt)),
          "url": .string(TanStackDoor.url(record, request, index: index)),
          "source": [
            "activity": "video", "path": .string(index == 0 ? "url" : "artifacts.\(index)"),
            "provider": .string(record.provider), "model": .string(record.model),
            "mediaType": .string(String(medium)), "jobId": .string(record.id.rawValue),
          ],
        ]
      })
  }

  func finished(at now: Milliseconds) -> JSON {
    [
      "type": "RUN_FINISHED", "runId": .string(runID), "threadId": .string(threadID),
      "timestamp": .integer(now), "metadata": ["tanstack": ["finishReason": "stop"]],
    ]
  }

  /// Told twice: the first clients read `error.message`, the present one reads `message` alone.
  func failed(_ message: String, code: String, at now: Milliseconds) -> JSON {
    [
      "type": "RUN_ERROR", "message": .string(message), "code": .string(code),
      "timestamp": .integer(now),
      "metadata": ["tanstack": ["runId": .string(runID), "threadId": .string(threadID)]],
      "error": ["message": .string(message), "code": .string(code)],
    ]
  }

  private func custom(_ name: String, _ value: JSON, _ now: Milliseconds) -> JSON {
    ["type": "CUSTOM", "name": .string(name), "value": value, "timestamp": .integer(now)]
  }
}
