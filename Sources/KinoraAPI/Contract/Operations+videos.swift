import KinoraModel

/// `/v1/videos` and what is below it.
extension Contract {
  private static let idempotencyKey = Operation.Parameter.idempotencyKey(
    "the same key, bare or in quotes, with the same fields answers the same job, for 30 days")
  private static let lastEvent = Operation.Parameter(
    name: "Last-Event-ID", place: "header", schema: #"{"type": "string"}"#,
    about: "go on behind this event")
  private static let after = Operation.Parameter(
    name: "after", schema: #"{"type": "integer", "minimum": 0, "format": "int64"}"#,
    about: "go on behind this event; Last-Event-ID wins")
  private static let request = Operation.Body(
    schema: "VideoRequest",
    example: #"{"model": "sample/clip", "prompt": "a paper boat", "seconds": 5}"#)
  // A quote is asked for by form data as well; it is said once, since generated clients stumble over
  // two kinds of body.
  private static let formRequest = Operation.Body(
    schema: request.schema, example: request.example, isForm: true)
  private static let madeFields = [
    "Location", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After",
  ]
  private static let events = Operation.Success(
    about: "events, as they come", content: [("text/event-stream", "Event")])

  static let videoOperations: [Operation] = [
    Operation(
      "POST /v1/videos", "createVideo", "Makes a video: the job, or its quote with dry_run",
      [idempotencyKey], body: formRequest,
      answers: ##"""
        {"oneOf": [{"$ref": "#/components/schemas/Job"}, {"$ref": "#/components/schemas/Quote"}]}
        """##,
      fields: madeFields,
      errors: Operation.submission),
    going(
      "/{id}/remix", "remixVideo", "Makes an own result anew with another prompt", "RemixRequest"),
    going("/edits", "editVideo", "Edits an own result by a prompt", "EditRequest"),
    going("/extensions", "extendOwnVideo", "Goes on with an own result", "ExtensionRequest"),
    Operation(
      "GET /v1/videos", "listVideos", "Own jobs, newest first",
      [
        .init(
          name: "limit", schema: #"{"type": "integer", "minimum": 1, "maximum": 1000}"#,
          about: "how many, 20 unless told"),
        .init(name: "after", schema: #"{"type": "string"}"#, about: "behind this job"),
        .init(name: "order", schema: #"{"enum": ["desc", "asc"]}"#, about: "by creation"),
        .init(
          name: "status", schema: #"{"type": "string"}"#,
          about: "outward words or exact states, several with commas"),
        .init(name: "provider", schema: #"{"type": "string"}"#, about: "of this provider"),
      ], answers: "JobList"),
    Operation(
      "GET /v1/videos/{id}", "getVideo", "A job",
      [
        .init(
          name: "wait", schema: #"{"type": "integer", "minimum": 0, "maximum": 600}"#,
          about: "answer when it is over, or after so many seconds"),
        .init(
          name: "If-None-Match", place: "header", schema: #"{"type": "string"}"#,
          about: "the ETag that is known"),
      ],
      successes: [
        .init(
          about: "the job; Retry-After unless it is over", content: [("application/json", "Job")],
          fields: ["ETag", "Retry-After"]),
        .init(status: 304, about: "it has not changed", fields: ["ETag"]),
      ]),
    Operation(
      "DELETE /v1/videos/{id}", "deleteVideo", "Deletes a job that is over, and its files",
      answers: "Deleted", errors: [.wrongState]),
    Operation(
      "GET /v1/videos/{id}/content", "getVideoContent", "A file of a completed job",
      [
        .init(
          name: "index", schema: #"{"type": "integer", "minimum": 0, "maximum": 99}"#,
          about: "which file, 0 unless told"),
        .init(name: "variant", schema: #"{"enum": ["video"]}"#, about: "the only one there is"),
        .init(
          name: "Range", place: "header", schema: #"{"type": "string"}"#, about: "bytes=…"),
      ],
      successes: [
        .init(about: "the file", content: Operation.Success.media, fields: ["ETag"]),
        .init(status: 206, about: "a part of it", content: Operation.Success.media),
        .init(status: 304, about: "it is known"),
      ],
      errors: [
        .notReady, .wrongState, .artifactExpired, .rangeNotSatisfiable, .preconditionFailed,
        .notSupported,
      ]),
    Operation(
      "GET /v1/videos/{id}/events", "followVideo", "What happens to a job, until it is over",
      [lastEvent, after],
      successes: [events, .init(status: 204, about: "it is over and all of it is known")]),
    Operation(
      "GET /v1/videos/{id}/progress", "getProgress", "How far a job is at this moment",
      answers: "Progress", fields: ["Retry-After"]),
    Operation(
      "POST /v1/videos/{id}/cancel", "cancelVideo", "Stops a job that is not over",
      answers: "Job", errors: [.wrongState]),
    Operation(
      "POST /v1/videos/{id}/resolve", "resolveVideo", "Decides about a job that is held",
      body: .init(schema: "Resolution", example: #"{"action": "not_charged"}"#),
      answers: "Job", errors: [.wrongState, .budgetExceeded]),
    Operation(
      "GET /v1/videos/{id}/evidence", "getEvidence", "What is known about its paid requests",
      answers: "Evidence"),
    Operation(
      "GET /v1/videos/{id}/trace", "getTrace", "Its way step by step, with times",
      answers: "Trace"),
    Operation(
      "GET /v1/events", "followAll", "What happens to all own jobs; never ends",
      [lastEvent, after], successes: [events]),
    Operation(
      "POST /v1/quote", "quote", "What a video would become and cost; makes nothing",
      body: request, answers: "Quote", errors: Operation.submission.filter { $0 != .queueFull }),
  ]

  /// A job that goes on with the result of an earlier one.
  private static func going(
    _ path: String, _ id: String, _ about: String, _ schema: String
  ) -> Operation {
    Operation(
      "POST /v1/videos\(path)", id, about, [idempotencyKey], body: .init(schema: schema),
      answers: "Job", fields: madeFields,
      errors: Operation.submission + [.notFound, .notReady, .notSupported])
  }
}
