import KinoraModel

/// Batches; tools, and the Model Context Protocol that offers the same ones.
extension Contract {
  static let toolOperations: [Operation] = [
    Operation(
      "POST /v1/batches", "createBatch", "Makes several videos; all are checked before any is made",
      [
        .idempotencyKey("the same key again makes what is missing and nothing twice")
      ],
      body: .init(
        schema: #"""
          {"type": "object", "additionalProperties": false, "required": ["requests"],
            "properties": {"requests": {"type": "array", "minItems": 1, "maxItems": 100,
              "items": {"$ref": "#/components/schemas/VideoRequest"}}}}
          """#,
        example: #"{"requests": [{"model": "sample/clip", "prompt": "a paper boat"}]}"#),
      answers: "Batch", fields: ["Location", "Idempotent-Replayed"],
      errors: Operation.submission),
    Operation(
      "GET /v1/batches/{batch}", "getBatch", "How a batch stands",
      [
        .init(
          name: "wait", schema: #"{"type": "integer", "minimum": 0, "maximum": 600}"#,
          about: "answer when all are over, or after so many seconds")
      ], answers: "Batch"),
    Operation(
      "GET /v1/tools", "listTools", "Tools for a language model, with JSON Schemas",
      answers: ##"""
        {"type": "object", "additionalProperties": false, "required": ["object", "tools"],
          "properties": {"object": {"const": "list"}, "tools": {"type": "array", "items": {
            "type": "object", "additionalProperties": false,
            "required": ["name", "description", "input_schema"],
            "properties": {"name": {"type": "string"}, "description": {"type": "string"},
              "input_schema": {"type": "object"}}}}}}
        """##),
    Operation(
      "POST /v1/tools/{name}", "runTool", "Runs a tool; the body holds its arguments",
      [
        .idempotencyKey("for generate_video, as for POST /v1/videos")
      ],
      body: .init(
        schema: #"{"type": "object"}"#,
        example: #"{"prompt": "a paper boat", "duration": 5, "wait_seconds": 0}"#),
      answers: ##"""
        {"anyOf": [{"$ref": "#/components/schemas/Job"}, {"$ref": "#/components/schemas/Quote"},
          {"type": "object", "additionalProperties": false, "required": ["object", "data"],
            "properties": {"object": {"const": "list"}, "data": {"type": "array",
              "items": {"anyOf": [{"$ref": "#/components/schemas/Job"},
                {"$ref": "#/components/schemas/Model"}]}}}}]}
        """##,
      fields: ["x-kinora-job", "Idempotent-Replayed", "Retry-After"],
      errors: Operation.submission + [.wrongState]),
    Operation(
      "POST /mcp", "mcp", "Model Context Protocol: a message of JSON-RPC 2.0, or a batch",
      body: .init(
        schema: #"""
          {"oneOf": [{"$ref": "#/components/schemas/RPCMessage"}, {"type": "array",
            "items": {"$ref": "#/components/schemas/RPCMessage"}}]}
          """#,
        example: #"{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}"#),
      successes: [
        .init(
          about: "the answer, or events that end with it",
          content: [
            (
              "application/json",
              #"{"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}"#
            ), ("text/event-stream", "Event"),
          ],
          fields: ["Mcp-Session-Id", "x-kinora-job", "RateLimit", "RateLimit-Policy"]),
        .init(
          status: 202, about: "a notification was taken",
          fields: ["RateLimit", "RateLimit-Policy"]),
      ], errors: [.notFound]),
    Operation(
      "DELETE /mcp", "mcpEnd", "Model Context Protocol: the client leaves",
      successes: [.init(status: 204, about: "its waiting is over; its jobs go on")]),
  ]
}
