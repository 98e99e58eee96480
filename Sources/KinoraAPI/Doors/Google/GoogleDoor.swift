import KinoraCore
import KinoraHTTP
import KinoraModel

/// The Gemini API in front of every model: Veo's operations, Interactions, images, files.
///
/// Paths are Google's under `/google`; `{version}` is `v1` or `v1beta`. A model is named as everywhere
/// else: `models/openrouter/google/veo-3.1:predictLongRunning` works.
/// Source: PyPI google-genai 2.34.0 and 3.4.0, ai.google.dev/gemini-api/docs; for JavaScript
/// npm @google/genai 2.28.0 and vercel/ai packages/google/src/google-video-model.ts.
///
/// The way of a request: ``GoogleVeoBody``, ``GoogleContentBody`` or ``GoogleInteractionBody`` reads the
/// body, the kit makes the job, and the file of the same name words it: an operation, candidates or an
/// interaction. Results are read through `googleFile`.
enum GoogleDoor {
  static let routes: [Route] = rpc + interactions

  /// The row of the table of defaults for requests that are answered when the job is over.
  static let waiting = "google.waiting"

  private static let rpc: [Route] = [
    Route("/google/{version}/models", .get { $0.googleModels($1) }),
    Route(
      "/google/{version}/models/{name...}", .get { $0.googleOperation($1) },
      .post(.known, .upload) { $0.googleVerb($1) }),
    Route("/google/{version}/files/{id}", .get { $0.googleFile($1) }),
  ].map { $0.speaking(dialect) }

  private static let interactions: [Route] = [
    Route("/google/{version}/interactions", .post(.known, .upload) { $0.googleInteraction($1) }),
    Route(
      "/google/{version}/interactions/{id}", .get { $0.googleInteractionView($1) },
      .delete { $0.googleInteractionDelete($1) }),
    Route(
      "/google/{version}/interactions/{id}/cancel", .post { $0.googleInteractionCancel($1) }),
  ].map { $0.speaking(interactionDialect) }

  /// Interactions answer errors whose code is a word, and nothing else.
  private static let interactionDialect = Dialect.json { error, status, _ in
    let word =
      switch status {
      case 401: "unauthenticated"
      case 403: "permission_denied"
      case 404: "not_found"
      case 402, 429: "resource_exhausted"
      case 500...: "internal"
      default: "invalid_request"
      }
    let allowed = error.allowed.isEmpty ? "" : "; allowed: \(error.allowed.joined(separator: ", "))"
    return ["error": ["code": .string(word), "message": .string(error.message + allowed)]]
  }

  /// `google.rpc.Status`, as all of Google's front ends answer.
  static let dialect = Dialect.json { error, status, requestID in
    var details: [JSON] = [
      [
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": .string(error.code.rawValue.uppercased()), "domain": "kinora",
        "metadata": ["field": .string(error.field ?? ""), "request_id": .string(requestID)],
      ]
    ]
    if !error.allowed.isEmpty, let field = error.field {
      let words = "allowed: " + error.allowed.joined(separator: ", ")
      details.append([
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [["field": .string(field), "description": .string(words)]],
      ])
    }
    if let seconds = error.retryAfter {
      details.append([
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": .string("\(seconds)s"),
      ])
    }
    return [
      "error": [
        "code": .integer(Int64(status)), "message": .string(error.message),
        "status": .string(word(status)), "details": .array(details),
      ]
    ]
  }

  /// The canonical code's word for a status (google/rpc/code.proto).
  private static func word(_ status: Int) -> String {
    switch status {
    case 400, 413, 415, 422: "INVALID_ARGUMENT"
    case 401: "UNAUTHENTICATED"
    case 403: "PERMISSION_DENIED"
    case 404, 410: "NOT_FOUND"
    case 409: "FAILED_PRECONDITION"
    case 402, 429: "RESOURCE_EXHAUSTED"
    case 501: "UNIMPLEMENTED"
    case 502, 503: "UNAVAILABLE"
    case 504: "DEADLINE_EXCEEDED"
    default: "INTERNAL"
    }
  }

  // MARK: Names

  /// Google's client reads file names of small letters and digits only: the id without its prefix, and
  /// `x1`, `x2`, … for further results.
  static func fileName(_ id: JobID, _ index: Int) -> String {
    let name = id.rawValue.replacing("video_", with: "")
    return index == 0 ? name : "\(name)x\(index)"
  }

  /// The job and the result that a file's or an operation's name means.
  static func job(_ name: some StringProtocol) -> (id: JobID, index: Int) {
    let parts = name.split(separator: "x", maxSplits: 1)
    let index = parts.count == 2 ? Int(parts[1]) ?? -1 : 0
    return (JobID(rawValue: "video_\(parts.first ?? "")"), index)
  }

  static let interactionPrefix = "v1_"

  /// Where a file is. Google's own client takes https addresses only, reads the name out of them and
  /// asks its configured base for it; all others follow the address as it stands.
  static func uri(_ id: JobID, _ index: Int, _ call: Call) -> String {
    let fields = call.request.fields
    let agent = (fields["user-agent"] ?? "") + (fields["x-goog-api-client"] ?? "")
    let base =
      agent.contains("google-genai-sdk")
      ? "https://generativelanguage.googleapis.com" : "http://\(fields["host"] ?? "kinora")/google"
    return "\(base)/v1beta/files/\(fileName(id, index)):download?alt=media"
  }
}

extension Call {
  /// Throws `notFound` unless the path's version is one of theirs.
  func googleVersion() throws(KinoraError) {
    guard ["v1", "v1beta"].contains(values.first) else {
      throw KinoraError(
        .notFound, "there is no version \(values.first?.prefix(20) ?? "") of this API",
        allowed: ["v1", "v1beta"])
    }
  }
}
