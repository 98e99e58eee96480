import KinoraModel

/// Reads a JSON body and says where it is broken as editors count: line and column.
enum JSONText {
  /// Parses `text`. `removed` are lifted strings: where in `text` their placeholder ends and how many
  /// bytes longer the string was that it stands for, so that positions are those of what was sent.
  /// Throws `malformedBody`.
  static func parse(
    _ text: [UInt8], removed: [(end: Int, bytes: Int)] = []
  ) throws(KinoraError) -> JSON {
    guard !text.isEmpty else { throw KinoraError(.malformedBody, "the body is empty") }
    do throws(JSONSyntaxError) {
      return try JSON.parse(text)
    } catch {
      throw problem(error, text, removed)
    }
  }

  private static func problem(
    _ error: JSONSyntaxError, _ text: [UInt8], _ removed: [(end: Int, bytes: Int)]
  ) -> KinoraError {
    let at = min(error.offset, text.count)
    let before = text[..<at]
    let line = 1 + before.count { $0 == 0x0a }
    let start = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    let missing = removed.filter { start < $0.end && $0.end <= at }.reduce(0) { $0 + $1.bytes }
    // Columns count characters, so the later bytes of one are skipped.
    let column = 1 + missing + text[start..<at].count { $0 & 0xc0 != 0x80 }
    return KinoraError(
      .malformedBody, "the body is not JSON: \(error.reason) at line \(line), column \(column)")
  }
}
