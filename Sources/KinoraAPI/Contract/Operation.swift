import KinoraModel

/// What the contract says about one method of one path. Who may come in, the places in the path and
/// every status that comes from them are not said here: they are read from the `Route`.
package struct Operation: Sendable {
  /// A parameter of the query, of a header field, or of a place in the path.
  struct Parameter: Sendable {
    var name: String
    var place: String = "query"
    /// JSON text of its schema.
    var schema: String
    var about: String

    /// The header field, as `IdempotencyKey` reads it.
    static func idempotencyKey(_ about: String) -> Self {
      Self(
        name: "Idempotency-Key", place: "header",
        schema: ##"""
          {"type": "string",
            "pattern": "^([!#-~][!-~]{0,254}|\"([ !#-\\[\\]-~]|\\\\[\"\\\\]){1,255}\")$"}
          """##, about: about)
    }
  }

  /// A body that is a JSON object.
  struct Body: Sendable {
    /// The name of a schema, or JSON text of one.
    var schema: String
    var isRequired = true
    /// A body that a client can send as it stands, as JSON text.
    var example: String?
    /// Taken as form data as well.
    var isForm = false
  }

  /// An answer that is no error.
  struct Success: Sendable {
    var status = 200
    var about: String
    /// Media types, each with the name of a schema or JSON text of one.
    var content: [(type: String, schema: String)] = []
    /// Header fields beside those that every answer has.
    var fields: [String] = []

    /// A file: what it is follows from the model, so a client is told no more than that it is bytes.
    static let media = ["application/octet-stream", "video/*", "image/*"].map {
      (type: $0, schema: "Bytes")
    }
  }

  /// `GET /v1/videos/{id}`: the method and the route's template.
  package var key: String
  /// `operationId`.
  var id: String
  var summary: String
  var parameters: [Parameter] = []
  var body: Body?
  var successes: [Success]
  /// Facts that it may be refused for, beside those that follow from its route.
  var errors: [KinoraError.Code] = []

  /// One that answers 200 with JSON.
  init(
    _ key: String, _ id: String, _ summary: String, _ parameters: [Parameter] = [],
    body: Body? = nil, answers schema: String, fields: [String] = [],
    errors: [KinoraError.Code] = []
  ) {
    self.init(
      key, id, summary, parameters, body: body,
      successes: [
        Success(about: summary, content: [("application/json", schema)], fields: fields)
      ], errors: errors)
  }

  /// One with answers of other kinds.
  init(
    _ key: String, _ id: String, _ summary: String, _ parameters: [Parameter] = [],
    body: Body? = nil, successes: [Success], errors: [KinoraError.Code] = []
  ) {
    self.key = key
    self.id = id
    self.summary = summary
    self.parameters = parameters
    self.body = body
    self.successes = successes
    self.errors = errors
  }

  /// What a request for a job may be refused for before it is one.
  static let submission: [KinoraError.Code] = [
    .badField, .unknownField, .promptMissing, .modelUnknown, .modelUnpriced, .credentialMissing,
    .badMedia, .urlRefused, .maxCostExceeded, .budgetExceeded, .modelRetired, .tooLarge,
    .idempotencyConflict, .queueFull, .modelNotConfigured, .providerNoVideo,
    .videoDisabled, .quotaExceeded, .storeFailed, .unavailable, .storageFull,
  ]
}
