public import KinoraModel

extension PluginStep {
  /// The step as a transcript writes it: what a person reads in a golden file.
  public var json: JSON {
    var json: JSON = .object([])
    switch verdict {
    case .send(let request):
      json = ["verdict": "send", "request": request.json]
    case .wait(let milliseconds):
      json = ["verdict": "wait", "wait_ms": .integer(Int64(milliseconds))]
    case .succeed(let result):
      json = ["verdict": "succeed", "result": readable(result)]
    case .fail(let failure):
      json = ["verdict": "fail", "failure": failure.json]
    case .unsupported: json = ["verdict": "unsupported"]
    }
    if let state { json = json.setting("state", readable(state)) }
    if let handle { json = json.setting("handle", .string(handle)) }
    if progressPermille != nil || note != nil {
      var progress: JSON = .object([])
      if let progressPermille {
        progress = progress.setting("permille", .integer(Int64(progressPermille)))
      }
      if let note { progress = progress.setting("note", .string(note)) }
      json = json.setting("progress", progress)
    }
    return json
  }
}

extension ProviderRequest {
  /// As a transcript writes it. Flags stand only where they are set, `paid` always.
  var json: JSON {
    var json: JSON = [
      "method": .string(method), "url": .string(url), "paid": .bool(!isIdempotent),
    ]
    if !fields.isEmpty {
      json = json.setting(
        "headers", .array(fields.map { .string("\($0.name): \($0.value)") }))
    }
    if parts.count == 1, case .bytes(let bytes) = parts[0] {
      json = json.setting("body", readable(bytes))
    } else if !parts.isEmpty {
      json = json.setting("parts", .array(parts.map(\.json)))
    }
    if streamsToFile { json = json.setting("stream_to_file", true) }
    if liftsStrings { json = json.setting("lift_strings", true) }
    if timeout > 0 { json = json.setting("timeout_ms", .integer(Int64(timeout))) }
    if maxBody > 0 { json = json.setting("max_body", .integer(Int64(maxBody))) }
    if !tag.isEmpty { json = json.setting("tag", .string(tag)) }
    return json
  }
}

extension ProviderRequest.Part {
  var json: JSON {
    switch self {
    case .bytes(let bytes):
      if let text = String(validating: bytes, as: UTF8.self) {
        ["text": .string(text)]
      } else {
        ["hex": .string(bytes.hexadecimal)]
      }
    case .input(let ref, let base64): [(base64 ? "base64" : "raw"): .string(ref)]
    case .file: .null
    }
  }
}

extension PluginFailure {
  /// The codes' words in a transcript.
  var json: JSON {
    let words = [
      "invalid", "unauthenticated", "refused", "exhausted", "not_found", "unavailable", "protocol",
    ]
    var json: JSON = [
      "code": .string(words[Int(code.rawValue) - 1]), "message": .string(message),
      "retryable": .bool(isRetryable),
    ]
    if retryAfter > 0 { json = json.setting("retry_after_ms", .integer(Int64(retryAfter))) }
    return json
  }
}

/// JSON as JSON, other text as a string, other bytes as `{"hex":…}`.
private func readable(_ bytes: [UInt8]) -> JSON {
  if let json = try? JSON.parse(bytes), json.members != nil { return json }
  if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
  return ["hex": .string(bytes.hexadecimal)]
}
