import KinoraModel

/// Tenants, their quotas, and what a bot asks before it asks for a video.
extension Contract {
  private static let tenant = Operation.Parameter(
    name: "tenant", place: "path", schema: #"{"type": "string", "minLength": 1, "maxLength": 128}"#,
    about: "one server of a bot")
  private static let client = Operation.Parameter(
    name: "client", schema: #"{"type": "string"}"#, about: "another client's; for administrators")
  private static let user = Operation.Parameter(
    name: "user", schema: #"{"type": "string"}"#, about: "one of the tenant's users")
  private static let asked = [
    Operation.Parameter(
      name: "tenant", schema: #"{"type": "string", "minLength": 1, "maxLength": 128}"#,
      about: "one server of a bot"),
    Operation.Parameter(name: "model", schema: #"{"type": "string"}"#, about: "a model or a route"),
    user,
  ]
  /// What can be wrong before anything is asked of a provider.
  private static let choice: [KinoraError.Code] = [
    .modelUnknown, .modelNotConfigured, .providerNoVideo, .videoDisabled, .notFound, .unavailable,
  ]

  static let tenantOperations: [Operation] = [
    Operation("GET /v1/tenants", "listTenants", "Own tenants", [client], answers: "TenantList"),
    Operation(
      "GET /v1/tenants/{tenant}", "getTenant", "A tenant, with the defaults where nothing was set",
      [tenant, client], answers: "Tenant"),
    Operation(
      "PUT /v1/tenants/{tenant}", "putTenant", "Changes what is given; null empties",
      [tenant, client],
      body: .init(schema: "TenantChange", example: #"{"quota": {"per_user_per_day": 3}}"#),
      answers: "Tenant",
      errors: [.modelUnknown, .providerNoVideo, .storeFailed, .storageFull, .draining]),
    Operation(
      "GET /v1/tenants/{tenant}/quota", "getQuota", "What is used and left",
      [tenant, client, user], answers: "Quota"),
    Operation(
      "POST /v1/tenants/{tenant}/quota/reset", "resetQuota", "A day or a period begins anew",
      [tenant, client],
      body: .init(schema: "QuotaReset", example: #"{"scope": "user", "user": "ann"}"#),
      answers: "Quota",
      errors: [.storeFailed, .storageFull]),
    Operation(
      "GET /v1/styles", "listStyles", "What a request may name as style_preset",
      [asked[0], client], answers: "StyleList"),
    Operation(
      "GET /v1/capabilities", "getCapabilities", "What is possible now, and why the rest is not",
      asked, answers: "Capabilities", errors: choice),
    Operation(
      "GET /v1/forms/generate-video", "getForm",
      "A form as JSON Schema, made of what a model takes",
      asked,
      answers: #"{"type": "object", "required": ["type", "properties", "required", "order"]}"#,
      errors: choice),
    Operation(
      "POST /v1/videos/{id}/delivered", "confirmDelivery", "The result reached who asked for it",
      answers: "Job", errors: [.wrongState, .notReady, .storeFailed, .storageFull]),
  ]
}
