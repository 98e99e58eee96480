import KinoraModel

/// Models, money, the daemon's own matters.
extension Contract {
  static let otherOperations: [Operation] = [
    Operation("GET /v1/models", "listModels", "Every model that may be used", answers: "ModelList"),
    Operation(
      "GET /v1/models/{id...}", "getModel", "A model; its id may hold slashes", answers: "Model"),
    Operation(
      "POST /v1/route:explain", "explainRoute", "What a model's name leads to, and why",
      body: .init(schema: "RouteQuestion", example: #"{"model": "sample/clip"}"#),
      answers: "RouteAnswer",
      errors: [.modelUnknown, .modelNotConfigured, .videoDisabled, .unavailable]),
    Operation(
      "GET /v1/usage", "getUsage", "What was reserved and spent",
      [
        .init(
          name: "day",
          schema: ##"{"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2}|all)$"}"##,
          about: "a UTC day or all; today unless told")
      ], answers: "Usage"),
    Operation("GET /v1/plugins", "listPlugins", "Every plugin and its state", answers: "Plugins"),
    Operation(
      "GET /v1/providers", "listProviders", "Every provider and its state", answers: "Providers"),
    Operation("GET /v1/doctor", "doctor", "The daemon's own view of itself", answers: "Doctor"),
    Operation(
      "GET /v1/doctor/{provider}", "examineProvider",
      "What a provider's key may use, asked for nothing",
      [
        .init(
          name: "provider", place: "path", schema: #"{"type": "string", "minLength": 1}"#,
          about: "a configured name")
      ], answers: "Examination", errors: [.notFound]),
    Operation(
      "GET /v1/config", "getConfiguration", "The effective configuration, secrets masked",
      answers: #"{"type": "object"}"#),
    Operation(
      "POST /v1/reload", "reload", "Reads the configuration again", answers: "Reloaded",
      errors: [.configuration]),
    Operation(
      "POST /v1/pause", "pause", "Paid submits stop", answers: "Paused", errors: [.storeFailed]),
    Operation(
      "POST /v1/resume", "resume", "Paid submits go on", answers: "Paused",
      errors: [.storeFailed]),
    Operation("GET /v1/version", "getVersion", "Versions", answers: "Version"),
    Operation(
      "GET /livez", "isAlive", "Whether the loop turns",
      successes: [.init(about: "ok", content: [("text/plain", "Text")])]),
    Operation(
      "GET /readyz", "isReady", "Whether jobs are accepted",
      [.init(name: "verbose", schema: #"{"type": "string"}"#, about: "say what of each part")],
      successes: [
        .init(about: "ok", content: [("text/plain", "Text")]),
        .init(status: 503, about: "not ready", content: [("text/plain", "Text")]),
      ]),
    Operation(
      "GET /metrics", "getMetrics", "Figures as Prometheus text",
      successes: [.init(about: "figures", content: [("text/plain", "Text")])]),
    Operation(
      "GET /", "getEntrance", "Where to go from here", answers: "Entrance", fields: ["ETag"]),
    Operation(
      "GET /openapi.json", "getContract", "This document",
      answers: #"{"type": "object", "required": ["openapi", "paths"]}"#),
    Operation(
      "GET /docs", "getDocumentation", "A page about all of this",
      successes: [.init(about: "the page", content: [("text/html", "Text")])]),
    Operation(
      "GET /studio", "getStudio", "A page that makes videos",
      successes: [.init(about: "the page", content: [("text/html", "Text")])]),
  ]
}
