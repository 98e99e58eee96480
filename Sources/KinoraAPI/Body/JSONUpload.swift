import KinoraModel

/// Reads a JSON body in which media may stand as data URLs: those go to files while they arrive, so
/// that 48 MiB of body cost no memory.
final class JSONUpload: BodyReader {
  /// The base64 of the largest input.
  static let longestBase64 = (Limits.inputBytes + 2) / 3 * 4

  private let artifacts: any ArtifactStore
  private var lifter: JSONLifter
  private var text: [UInt8] = []
  private var lifts: [ParsedBody.Lift] = []
  private var removed: [(end: Int, bytes: Int)] = []
  private var open: LiftedString?

  /// - Parameter nonce: random letters that the client cannot know
  init(artifacts: any ArtifactStore, nonce: String) {
    self.artifacts = artifacts
    lifter = JSONLifter(
      threshold: Limits.liftRequestBytes, nonce: nonce, escapes: .decoded)
  }

  func take(_ bytes: UnsafeRawBufferPointer) throws(KinoraError) {
    let pieces: [JSONLifter.Piece]
    do throws(JSONSyntaxError) {
      pieces = try lifter.feed(bytes)
    } catch {
      throw KinoraError(
        .malformedBody, "the body is not JSON: \(error.reason) at byte \(error.offset)")
    }
    for piece in pieces {
      switch piece {
      case .text(let bytes): text += bytes
      case .begin:
        open = LiftedString { [artifacts] in
          UploadWriter(
            path: artifacts.temporaryPath(), content: .base64, limit: Self.longestBase64)
        }
      case .lifted(let bytes): try open?.take(bytes)
      case .end(let index, let length):
        if let open { lifts.append(try open.finish()) }
        open = nil
        let name = lifter.placeholder(index).utf8.count
        removed.append((end: text.count + name, bytes: Int(length) - name))
      }
    }
    guard text.count <= Limits.jsonBytes else {
      throw KinoraError(
        .tooLarge, "the JSON may have at most \(Limits.jsonBytes) bytes besides data URLs")
    }
  }

  func finish() throws(KinoraError) -> ParsedBody {
    if open != nil { throw KinoraError(.malformedBody, "the body ends inside a string") }
    let json = try JSONText.parse(text, removed: removed)
    return ParsedBody(json: json, lifts: lifts, names: lifter)
  }
}
