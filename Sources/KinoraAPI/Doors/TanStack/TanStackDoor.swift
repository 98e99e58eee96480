import KinoraHTTP
import KinoraModel

/// The server half of TanStack AI's video generation (experimental there; wire as of @tanstack/ai
/// 0.49.0 and @tanstack/ai-client 0.27.0, and as of their first release with video, March 2026).
///
/// One path serves `fetchServerSentEvents`, `fetchHttpStream` and fetchers; beside it are the three
/// calls of its adapters (create, status, url) by job id. A run id is the idempotency key: the same
/// POST again attaches to its job and goes on behind `Last-Event-ID`.
///
/// The way of a request: ``RunName`` and ``RunRequest`` (with ``PromptParts``) read the body, the kit makes
/// the job; ``RunWriter`` tells it as ``RunEvents``, put on the wire by ``RunFraming`` and counted by
/// ``RunOffset``.
enum TanStackDoor {
  static let routes: [Route] = [
    Route(
      path,
      .post(.known, .upload) { $0.tanstackRun($1) },
      .get { $0.tanstackRead($1) },
      .delete { $0.tanstackAbort($1) }
    ).speaking(dialect),
    // The client has no way to set an Accept field, so NDJSON has a path of its own as well.
    Route(path + "/ndjson", .post(.known, .upload) { $0.tanstackRun($1, framing: .lines) })
      .speaking(dialect),
    Route(path + "/jobs", .post(.known, .upload) { $0.tanstackCreate($1) }).speaking(dialect),
    Route(path + "/jobs/{id}", .get { $0.tanstackStatus($1) }).speaking(dialect),
    Route(path + "/jobs/{id}/url", .get { $0.tanstackURL($1) }).speaking(dialect),
    Route(path + "/jobs/{id}/cancel", .post { $0.tanstackCancel($1) }).speaking(dialect),
  ]

  private static let path = "/api/generate/video"

  /// What `generateVideo` of its server half waits for, and then throws.
  static let longest: Milliseconds = 600_000

  /// The answer of a wait that took too long.
  static func late(_ id: JobID) -> KinoraError {
    KinoraError(
      .pollTimeout, "Video generation timed out; the job goes on: GET /v1/videos/\(id)")
  }

  /// Errors with a status of their own: the client shows the status only, so a stream says what went
  /// wrong with `RUN_ERROR` instead wherever it can.
  static let dialect = Dialect.json { error, status, requestID in
    [
      "error": [
        "message": .string(message(error)), "type": .string(ErrorTable.row(error.code).type),
        "code": .string(error.code.rawValue), "param": JSON(error.field),
        "allowed": .array(error.allowed.map { .string($0) }),
      ],
      "status": .integer(Int64(status)), "request_id": .string(requestID),
    ]
  }

  /// The sentence for a person. Its documentation tells programs to look for the words "rate limit".
  static func message(_ error: KinoraError) -> String {
    let allowed = error.allowed.isEmpty ? "" : " (\(error.allowed.joined(separator: ", ")))"
    let text = error.message + allowed
    return ErrorTable.row(error.code).status == 429 ? "rate limit: \(text)" : text
  }

  /// Why a job has no result, in its words where it has some; nil unless it is over without one.
  static func failure(of record: JobRecord) -> (message: String, code: String)? {
    guard let (code, message) = JobRenderer.failure(of: record) else { return nil }
    switch record.state {
    case .cancelled: return ("Request aborted", "aborted")
    case .expired: return ("Video generation timed out", code.rawValue)
    // Plugins end their own words so where the provider had none.
    case .failed where record.failure == nil || message.hasSuffix(" without a reason"):
      return ("Video generation failed", code.rawValue)
    default: return (message, code.rawValue)
    }
  }

  /// The four words. Its clients go on asking until they read `completed` or `failed`, so whatever
  /// is over without a result is `failed`.
  static func status(_ record: JobRecord) -> String { StatusWords.of(record.state).tanStack }

  /// 0…100, where the provider said something.
  static func progress(_ record: JobRecord) -> Int64? {
    if record.state == .completed { return 100 }
    return record.progressPermille.map { Int64(min(max($0, 0), 1000) / 10) }
  }

  /// Where a result can be fetched: a path on the Unix socket, an address on TCP, since a page's own
  /// origin is another.
  static func url(_ record: JobRecord, _ request: HTTPRequest, index: Int = 0) -> String {
    let path = "/v1/videos/\(record.id)/content" + (index > 0 ? "?index=\(index)" : "")
    guard case .tcp = request.peer, let host = request.fields["host"] else { return path }
    return "http://\(host)\(path)"
  }
}
