import KinoraCore
import KinoraHTTP
import KinoraModel

/// The video half of the AI SDK's gateway (wire of @ai-sdk/gateway 4.0.62, vercel/ai
/// packages/gateway/src/gateway-video-model.ts).
///
/// `createGateway({baseURL: "http://127.0.0.1:PORT/v4/ai", apiKey})` makes clips here. Files are
/// answered as base64, because its downloader refuses loopback addresses.
///
/// The way of a request: `gatewayModel` finds what the header names, ``GatewayRequest`` reads the body,
/// `gatewayMake` makes the job; `gatewayEnd` waits and words the one event, or `gatewayStatus` says how
/// it stands.
enum GatewayDoor {
  static let routes: [Route] = [
    Route("/v4/ai/config", .get { $0.gatewayConfig($1) }).speaking(dialect),
    Route("/v4/ai/video-model", .post(.known, .upload) { $0.gatewayGenerate($1) })
      .speaking(dialect),
    Route("/v4/ai/video-model/start", .post(.known, .upload) { $0.gatewayStart($1) })
      .speaking(dialect),
    Route("/v4/ai/video-model/status", .post(.known, .json) { $0.gatewayStatus($1) })
      .speaking(dialect),
  ]

  /// Specification 3 is what the AI SDK 6 calls the same wire; 4 has more words for warnings, none of
  /// which is said here.
  static let versions = ["3", "4"]

  /// `{"error":{"message","type","param","code"},"generationId"}`; its client calls any other shape
  /// "Invalid error response format".
  static let dialect = Dialect.json { error, status, requestID in
    [
      "error": [
        "message": .string(message(error)), "type": .string(type(error.code, status)),
        "param": param(error), "code": .string(error.code.rawValue),
      ],
      "generationId": .string(requestID),
    ]
  }

  /// Its own words for errors. `authentication_error` is not among them: the client answers that with
  /// advice about another company's keys instead of our sentence.
  static func type(_ code: KinoraError.Code, _ status: Int) -> String {
    switch status {
    case _ where code == .modelUnknown || code == .modelRetired: "model_not_found"
    case 401, 403: "forbidden"
    case 404: "not_found"
    case 429: "rate_limit_exceeded"
    case 424: "failed_dependency"
    case 500...: "internal_server_error"
    default: "invalid_request_error"
    }
  }

  static func message(_ error: KinoraError) -> String {
    error.allowed.isEmpty
      ? error.message : "\(error.message) (\(error.allowed.joined(separator: ", ")))"
  }

  private static func param(_ error: KinoraError) -> JSON {
    guard let field = error.field else { return .null }
    return ["field": .string(field), "allowed": .array(error.allowed.map { .string($0) })]
  }

  /// The event for a job without a result.
  static func failure(_ error: KinoraError) -> JSON {
    event(error, ErrorTable.gatewayJob(error.code))
  }

  /// An event for an error with this status. `param` must be there, or the message is lost.
  static func event(_ error: KinoraError, _ status: Int) -> JSON {
    [
      "type": "error", "message": .string(message(error)),
      "errorType": .string(type(error.code, status)), "statusCode": .integer(Int64(status)),
      "param": param(error),
    ]
  }

  /// What its callers find about the job and its price beside the videos.
  static func metadata(_ record: JobRecord) -> JSON {
    var gateway: [JSONMember] = [
      JSONMember(
        "asyncJob",
        ["jobId": .string(record.id.rawValue), "status": .string(record.state.rawValue)]),
      JSONMember("generationId", .string(record.id.rawValue)),
      JSONMember(
        "routing",
        ["provider": .string(record.provider), "model": .string(record.model)]),
    ]
    if let cost = record.settled {
      gateway.append(JSONMember("cost", .string(String(cost.dollars.dropFirst()))))
    }
    return ["gateway": .object(gateway)]
  }
}
