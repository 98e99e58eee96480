import KinoraHTTP
import KinoraModel

/// Results of tools as the Model Context Protocol has them: a sentence for a language model, links to
/// the files, and the facts as an object (`structuredContent`).
enum ToolWords {
  /// A job as it stands. One that ended without a file is an error, which the caller shall not
  /// repeat blindly.
  static func result(_ record: JobRecord, _ call: Call) -> JSON {
    var content: [JSON] = [text(words(record, call))]
    for (at, artifact) in record.artifacts.enumerated() where record.state == .completed {
      content.append(
        [
          "type": "resource_link", "uri": .string(ResourceName(record.id, at).uri),
          "name": .string(APIService.fileName(record, artifact, at)),
          "title": .string("\(record.id), file \(at)"), "mimeType": .string(artifact.mime),
          "size": .integer(artifact.bytes),
        ])
    }
    return [
      "content": .array(content), "structuredContent": facts(record, call),
      "isError": .bool(JobRenderer.failure(of: record) != nil),
    ]
  }

  static func result(_ records: [JobRecord], _ call: Call) -> JSON {
    let lines = records.map { "\($0.id): \(progress($0)), \($0.provider)/\($0.model)" }
    return [
      "content": [text(lines.isEmpty ? "There are no videos." : lines.joined(separator: "\n"))],
      "structuredContent": ["videos": .array(records.map { facts($0, call) })], "isError": false,
    ]
  }

  /// A quote's JSON text.
  static func result(quote bytes: [UInt8]) -> JSON {
    let quote = (try? JSON.parse(bytes)) ?? .null
    let words = "\(quote["model"]?.string ?? ""): $\(quote["usd"]?.string ?? "") "
    return [
      "content": [text(words + "(\(quote["basis"]?.string ?? "")); nothing was made.")],
      "structuredContent": quote, "isError": false,
    ]
  }

  static func result(models: [JSON]) -> JSON {
    let lines = models.map { model -> String in
      let detail = model["kinora"]
      let kinds = (detail?["kinds"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
      let why = detail?["reason"]?.string.map { " (not now: \($0))" } ?? ""
      return "\(model["id"]?.string ?? ""): \(kinds.isEmpty ? "a route" : kinds)\(why)"
    }
    return [
      "content": [text(lines.joined(separator: "\n"))],
      "structuredContent": ["models": .array(models)], "isError": false,
    ]
  }

  /// What is wrong, with the field and what it may be.
  static func result(_ error: KinoraError) -> JSON {
    var words = error.message
    if let field = error.field, !words.contains(field) { words = "\(field): \(words)" }
    if !error.allowed.isEmpty { words += ". Allowed: \(error.allowed.joined(separator: ", "))" }
    return [
      "content": [text("\(words) (\(error.code.rawValue))")],
      "structuredContent": ["error": MCPDoor.facts(error)], "isError": true,
    ]
  }

  /// The daemon stops while somebody waits.
  static func result(stopping record: JobRecord) -> JSON {
    [
      "content": [
        text("kinorad is stopping; \(record.id) goes on: call get_video with its id in a moment.")
      ],
      "structuredContent": ["id": .string(record.id.rawValue), "status": "in_progress"],
      "isError": false,
    ]
  }

  /// `in_progress, 40 %`: nothing but what the provider said.
  static func progress(_ record: JobRecord) -> String {
    guard !record.state.isOutwardlyOver, let permille = record.progressPermille else {
      return record.state.outward
    }
    return "\(record.state.outward), \(min(max(permille, 0), 1000) / 10) %"
  }

  private static func words(_ record: JobRecord, _ call: Call) -> String {
    let id = record.id
    if let (code, message) = JobRenderer.failure(of: record) {
      return "\(id) has no result: \(message) (\(code.rawValue))"
    }
    guard record.state == .completed else {
      return "\(id) is \(progress(record)) and goes on by itself. Call get_video with the id \(id) "
        + "to wait for it; do not ask for the same video again."
    }
    let files = record.artifacts.enumerated().map { at, artifact in
      "\(APIService.contentURL(id, at, call)) (\(artifact.mime), \(artifact.bytes) bytes)"
    }
    return "\(id) is completed: \(files.joined(separator: ", ")). "
      + "To save it on this host: kinora fetch \(id)"
  }

  private static func facts(_ record: JobRecord, _ call: Call) -> JSON {
    let failure = JobRenderer.failure(of: record)
    let files = record.artifacts.enumerated().map { at, artifact -> JSON in
      [
        "uri": .string(ResourceName(record.id, at).uri),
        "url": .string(APIService.contentURL(record.id, at, call)),
        "mime": .string(artifact.mime), "bytes": .integer(artifact.bytes),
        "sha256": .string(artifact.sha256), "width": JSON(artifact.width),
        "height": JSON(artifact.height),
        "seconds": JSON(artifact.durationMilliseconds.map { Double($0) / 1000 }),
      ]
    }
    return [
      "id": .string(record.id.rawValue), "status": .string(record.state.outward),
      "state": .string(record.state.rawValue),
      "progress_percent": JSON(record.progressPermille.map { min(max($0, 0), 1000) / 10 }),
      "model": .string("\(record.provider)/\(record.model)"),
      "prompt": .string(record.request.prompt), "seconds": JSON(record.request.seconds),
      "aspect_ratio": JSON(record.request.aspectRatio),
      "resolution": JSON(record.request.resolution),
      "cost_microusd": JSON(record.settled?.rawValue),
      "quoted_microusd": .integer(record.quote.amount.rawValue),
      "error": failure.map { ["code": .string($0.code.rawValue), "message": .string($0.message)] }
        ?? .null,
      "files": .array(record.state == .completed ? files : []),
    ]
  }

  private static func text(_ words: String) -> JSON { ["type": "text", "text": .string(words)] }
}
