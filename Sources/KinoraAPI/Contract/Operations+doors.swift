import KinoraModel

/// The front doors: each speaks as its client's own documentation says; here is what of it is served.
extension Contract {
  /// Bodies that are objects with these members; what they may be is the client's business.
  private static func body(_ names: [String], example: String? = nil) -> Operation.Body {
    let members = names.map { "\"\($0)\": {}" }.joined(separator: ", ")
    return Operation.Body(
      schema: "{\"type\": \"object\", \"properties\": {\(members)}}", example: example)
  }

  private static let object = #"{"type": "object"}"#
  private static let version = Operation.Parameter(
    name: "version", place: "path", schema: #"{"enum": ["v1", "v1beta"]}"#, about: "either")
  private static let ended: [KinoraError.Code] = [
    .notReady, .wrongState, .artifactExpired,
  ]
  private static let file: [Operation.Success] = [
    .init(about: "the file", content: Operation.Success.media),
    .init(status: 206, about: "a part of it", content: Operation.Success.media),
    .init(status: 304, about: "it is known"),
  ]
  /// A job that is waited for ends as it ends.
  private static let outcome: [KinoraError.Code] =
    Operation.submission + [
      .contentBlocked, .heldForReview, .cancelled, .expired, .providerRefused,
      .providerUnavailable, .internalError,
    ]

  static let doorOperations: [Operation] =
    tanstack + openRouter + google + chat + storage
    + gateway

  private static let run = body(
    [
      "threadId", "runId", "messages", "data", "forwardedProps", "model", "prompt", "duration",
      "size", "modelOptions",
    ])

  private static let tanstack: [Operation] = [
    Operation(
      "POST /api/generate/video", "tanstackRun", "TanStack AI: makes a video and tells of it",
      body: run,
      successes: [
        .init(
          about: "AG-UI events, or one object where Accept says application/json",
          content: [
            ("text/event-stream", "Event"), ("application/x-ndjson", "Lines"),
            ("application/json", object),
          ], fields: ["x-kinora-job"])
      ], errors: outcome),
    Operation(
      "GET /api/generate/video", "tanstackRead",
      "TanStack AI: a run from where it was left, or a thread",
      successes: [
        .init(
          about: "events, or a snapshot",
          content: [
            ("text/event-stream", "Event"), ("application/x-ndjson", "Lines"),
            ("application/json", object),
          ]),
        .init(status: 204, about: "nothing more will come"),
      ], errors: [.badField, .unknownField, .notFound]),
    Operation(
      "DELETE /api/generate/video", "tanstackAbort", "TanStack AI: stops a run",
      [.init(name: "runId", schema: #"{"type": "string"}"#, about: "which run")],
      answers: object, errors: [.notFound, .wrongState]),
    Operation(
      "POST /api/generate/video/ndjson", "tanstackLines", "TanStack AI: the same, line by line",
      body: run,
      successes: [
        .init(
          about: "AG-UI events", content: [("application/x-ndjson", "Lines")],
          fields: ["x-kinora-job"])
      ], errors: outcome),
    Operation(
      "POST /api/generate/video/jobs", "tanstackCreate", "TanStack AI: createVideoJob", body: run,
      answers: object, fields: ["Location"], errors: Operation.submission),
    Operation(
      "GET /api/generate/video/jobs/{id}", "tanstackStatus", "TanStack AI: getVideoStatus",
      answers: object, fields: ["Retry-After"]),
    Operation(
      "GET /api/generate/video/jobs/{id}/url", "tanstackURL", "TanStack AI: getVideoUrl",
      answers: object, errors: ended),
    Operation(
      "POST /api/generate/video/jobs/{id}/cancel", "tanstackCancel", "TanStack AI: stops a job",
      answers: object, errors: [.wrongState]),
  ]

  private static let openRouter: [Operation] = [
    Operation(
      "POST /openrouter/api/v1/videos", "openRouterCreate", "OpenRouter: makes a video",
      body: body(
        [
          "model", "prompt", "duration", "resolution", "aspect_ratio", "size", "frame_images",
          "input_references", "generate_audio", "seed", "previous_job_id", "provider", "user",
          "session_id", "trace",
        ]),
      successes: [.init(status: 202, about: "the job", content: [("application/json", object)])],
      errors: Operation.submission),
    Operation(
      "GET /openrouter/api/v1/videos/models", "openRouterModels", "OpenRouter: models",
      answers: object),
    Operation(
      "GET /openrouter/api/v1/videos/{id}", "openRouterPoll", "OpenRouter: a job",
      answers: object, fields: ["Retry-After"]),
    Operation(
      "GET /openrouter/api/v1/videos/{id}/content", "openRouterContent", "OpenRouter: a file",
      [
        .init(
          name: "index", schema: #"{"type": "integer", "minimum": 0, "maximum": 99}"#,
          about: "which file")
      ], successes: file,
      errors: ended + [.rangeNotSatisfiable, .preconditionFailed, .notSupported]),
  ]

  private static let google: [Operation] = [
    Operation(
      "GET /google/{version}/models", "googleModels", "Gemini API: models", [version],
      answers: object),
    Operation(
      "GET /google/{version}/models/{name...}", "googleOperation", "Gemini API: an operation",
      [version], answers: object, fields: ["Retry-After"]),
    Operation(
      "POST /google/{version}/models/{name...}", "googleVerb",
      "Gemini API: MODEL:predictLongRunning and MODEL:generateContent", [version],
      body: body(["instances", "parameters", "contents", "generationConfig"]),
      answers: object, errors: outcome + [.notSupported]),
    Operation(
      "GET /google/{version}/files/{id}", "googleFile",
      "Gemini API: a file, or with :download its bytes",
      [version], successes: file, errors: ended + [.rangeNotSatisfiable, .preconditionFailed]),
    Operation(
      "POST /google/{version}/interactions", "googleInteraction", "Gemini API: an interaction",
      [version],
      body: body(
        [
          "model", "input", "response_format", "background", "generation_config",
          "previous_interaction_id", "store", "stream", "labels", "service_tier",
        ]),
      answers: object, errors: outcome),
    Operation(
      "GET /google/{version}/interactions/{id}", "googleInteractionView",
      "Gemini API: how an interaction stands", [version], answers: object,
      fields: ["Retry-After"]),
    Operation(
      "DELETE /google/{version}/interactions/{id}", "googleInteractionDelete",
      "Gemini API: deletes an interaction", [version], answers: object, errors: [.wrongState]),
    Operation(
      "POST /google/{version}/interactions/{id}/cancel", "googleInteractionCancel",
      "Gemini API: stops an interaction", [version], answers: object, errors: [.wrongState]),
  ]

  /// Seconds or words after which 202 is answered, by `Prefer: respond-async`.
  private static let waited: [KinoraError.Code] =
    outcome + [
      .notSupported, .notFound, .edgeBlocked, .providerProtocol, .providerExhausted,
      .providerUnauthenticated, .assetUnusable, .pluginFault, .pollTimeout,
    ]
  private static let began = Operation.Success(
    status: 202, about: "the job, where Prefer says respond-async",
    content: [("application/json", "Job")], fields: ["Location", "x-kinora-job"])
  private static func picture(_ names: [String] = []) -> Operation.Body {
    body(
      [
        "model", "models", "prompt", "n", "size", "response_format", "user", "aspect_ratio",
        "resolution", "negative_prompt", "seed", "snap", "options", "metadata", "max_cost_usd",
        "tenant", "poll_timeout_seconds", "style_preset",
      ] + names)
  }
  private static let clip = body(
    [
      "prompt", "settings", "customer_id", "input_image_url", "save_to_db", "session_id",
      "video_id",
    ])
  private static let pictures: [Operation.Success] = [
    .init(
      about: "the pictures", content: [("application/json", object)], fields: ["x-kinora-job"]),
    began,
  ]

  private static let clips: [Operation.Success] = [
    .init(about: "the clip", content: [("application/json", object)], fields: ["x-kinora-job"]),
    .init(
      status: 202, about: "the job, where Prefer says respond-async",
      content: [("application/json", object)], fields: ["x-kinora-job"]),
  ]

  private static let chat: [Operation] = [
    Operation(
      "POST /v1/chat/completions", "chat", "Chat completions: a clip or a picture in a message",
      body: body(
        [
          "model", "messages", "modalities", "video_config", "image_config", "stream",
          "stream_options", "n", "seed", "user", "tenant", "metadata", "max_cost_usd",
        ]),
      successes: [
        .init(
          about: "a completion, or its chunks",
          content: [("application/json", object), ("text/event-stream", "Event")],
          fields: ["x-kinora-job"]),
        began,
      ], errors: waited),
    Operation(
      "POST /v1/images/generations", "generateImages", "OpenAI Images: makes pictures",
      body: picture(), successes: pictures, errors: waited),
    Operation(
      "POST /v1/images/edits", "editImages", "OpenAI Images: changes pictures",
      body: picture(["image", "images", "mask"]), successes: pictures, errors: waited),
  ]

  private static let storage: [Operation] = [
    Operation(
      "POST /video/generate", "generateVideo", "One request, one answer with the clip in it",
      body: clip, successes: clips, errors: waited),
    Operation(
      "POST /video/extend", "extendVideo", "The same, going on with an earlier clip",
      body: clip, successes: clips, errors: waited),
    Operation(
      "GET /customers/{customer}/assets/video/{name}", "customerFile", "A customer's file",
      successes: file, errors: ended + [.rangeNotSatisfiable, .preconditionFailed]),
  ]

  private static let call = body(
    [
      "prompt", "n", "aspectRatio", "resolution", "duration", "fps", "seed", "generateAudio",
      "image", "providerOptions", "callbackUrl",
    ])
  /// Nothing of this dialect is answered with 501: what cannot be heeded is told in `warnings`.
  private static let gatewayErrors = waited.filter { $0 != .notSupported }
  private static let failed = Operation.Success(
    status: 424, about: "the job has no result", content: [("application/json", object)])

  private static let gateway: [Operation] = [
    Operation("GET /v4/ai/config", "gatewayModels", "AI SDK gateway: models", answers: object),
    Operation(
      "POST /v4/ai/video-model", "gatewayGenerate", "AI SDK gateway: makes a video and waits",
      body: call,
      successes: [
        .init(
          about: "comments until its one event",
          content: [("text/event-stream", "Event"), ("application/json", object)]),
        failed,
      ], errors: gatewayErrors),
    Operation(
      "POST /v4/ai/video-model/start", "gatewayStart", "AI SDK gateway: makes a video",
      body: call,
      successes: [.init(about: "the job", content: [("application/json", object)]), failed],
      errors: gatewayErrors),
    Operation(
      "POST /v4/ai/video-model/status", "gatewayStatus", "AI SDK gateway: how it stands",
      body: body([]),
      successes: [.init(about: "how it stands", content: [("application/json", object)]), failed],
      errors: [.notFound]),
  ]
}
