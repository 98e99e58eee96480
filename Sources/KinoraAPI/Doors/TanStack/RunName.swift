import KinoraModel

/// What a client calls a run and the conversation it belongs to. Its names look like
/// `noop-run-1763712000000-abc1234`, and it wants them back.
struct RunName {
  let run: String?
  let thread: String?

  /// Metadata under which a job keeps them, so that both find it again.
  static let runKey = "tanstack.run"
  static let threadKey = "tanstack.thread"
  /// Bytes of one.
  private static let most = 200

  /// From the envelope; the run also from the field `X-Run-Id`, which seed-era bodies have no place
  /// for.
  init(_ body: ParsedBody, _ field: String?) throws(KinoraError) {
    let top = FieldReader(json: body.json, body: body)
    let named = try Self.read(top, "runId")
    if named == nil, let field {
      run = try Self.check(field, "X-Run-Id")
    } else {
      run = named
    }
    thread = try Self.read(top, "threadId")
  }

  private static func read(_ fields: FieldReader, _ name: String) throws(KinoraError) -> String? {
    guard let text = try fields.string(name, most: most), !text.isEmpty else { return nil }
    return try check(text, name)
  }

  /// It becomes a key and stands in events, so it must be plain.
  private static func check(_ text: String, _ name: String) throws(KinoraError) -> String {
    guard (1...most).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else {
      throw KinoraError(
        .badField, "\(name) must have 1 to \(most) visible ASCII characters", field: name,
        allowed: ["1…\(most) characters from ! to ~"])
    }
    return text
  }
}
