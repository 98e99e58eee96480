import KinoraModel

/// `kinora.notice`: what a bot tells its user while a job runs, line by line. Only what the user wrote
/// himself is in it, never what was added on the way.
struct NoticeObject {
  let record: JobRecord

  /// Characters of a prompt that are shown.
  static let promptCharacters = 700

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("title", record.kind == .image ? "Generating an image" : "Generating a video")
    json.member("model_line", .string("Model: \(record.provider)/\(record.model)"))
    json.member("prompt_line", .string("Prompt: " + Self.trimmed(record.request.prompt)))
    json.member("reference_line", JSON(reference))
    json.member("timing_line", .string(Self.timing(record.typical)))
    json.endObject()
  }

  /// One line of at most `promptCharacters`: white space collapsed, back-ticks escaped, cut between
  /// characters as people see them.
  static func trimmed(_ prompt: String) -> String {
    var text = ""
    var count = 0
    var isGap = false
    for character in prompt {
      if character.isWhitespace {
        isGap = count > 0
        continue
      }
      let piece = (isGap ? " " : "") + (character == "`" ? "\\`" : String(character))
      count += piece.count
      guard count <= promptCharacters else { return text + "…" }
      text += piece
      isGap = false
    }
    return text
  }

  private var reference: String? {
    let inputs = record.request.inputs
    if let link = inputs.first?.url, inputs.count == 1 { return "Reference: \(link)" }
    let images = inputs.count { $0.role != .video && $0.role != .audio }
    var parts: [String] = []
    if images > 0 { parts.append(images == 1 ? "1 image" : "\(images) images") }
    if inputs.count > images {
      parts.append(inputs.count - images == 1 ? "1 clip" : "\(inputs.count - images) clips")
    }
    if let source = record.request.sourceJob { parts.append(source.rawValue) }
    return parts.isEmpty ? nil : "Reference: " + parts.joined(separator: ", ")
  }

  /// What half of the finished jobs of this model took, and what nine of ten did.
  static func timing(_ typical: TypicalTime?) -> String {
    guard let typical else { return "Usually takes 1–3 minutes" }
    let (low, high) = (words(typical.median), words(typical.most))
    return "Usually takes " + (low == high ? low : "\(low) to \(high)")
  }

  private static func words(_ time: Milliseconds) -> String {
    let seconds = max(1, (time + 999) / 1000)
    if seconds < 60 { return seconds == 1 ? "1 second" : "\(seconds) seconds" }
    let rest = seconds % 60
    return "\(seconds / 60) min" + (rest == 0 ? "" : " \(rest) s")
  }
}
