import KinoraHTTP
import KinoraModel

/// Reads form data: file parts and data URLs go to files while they arrive, the rest becomes a JSON
/// object of strings.
final class FormUpload: BodyReader {
  private let artifacts: any ArtifactStore
  private let names: JSONLifter
  private var parser: MultipartParser
  private var tree = FormTree()
  private var lifts: [ParsedBody.Lift] = []
  private var part: MultipartPart?
  private var text: [UInt8] = []
  private var writer: UploadWriter?
  private var long: LiftedString?
  private var textBytes = 0
  private var problem: KinoraError?

  /// Throws `malformedBody` for a content type without a boundary.
  init(contentType: String, artifacts: any ArtifactStore, nonce: String) throws(KinoraError) {
    self.artifacts = artifacts
    names = JSONLifter(threshold: 0, nonce: nonce)
    do throws(MultipartError) {
      parser = try MultipartParser(contentType: contentType)
    } catch {
      throw KinoraError(.malformedBody, error.description)
    }
  }

  func take(_ bytes: UnsafeRawBufferPointer) throws(KinoraError) {
    do throws(MultipartError) {
      try parser.feed(bytes) { (event) throws(MultipartError) in
        do throws(KinoraError) {
          try self.take(event)
        } catch {
          var named = error
          named.field = error.field ?? self.part?.name
          self.problem = named
          throw MultipartError(error.message)
        }
      }
    } catch {
      throw problem ?? KinoraError(.malformedBody, error.description)
    }
  }

  func finish() throws(KinoraError) -> ParsedBody {
    do throws(MultipartError) {
      try parser.finish()
    } catch {
      throw KinoraError(.malformedBody, error.description)
    }
    return ParsedBody(json: tree.json, isForm: true, lifts: lifts, names: names)
  }

  private func take(_ event: MultipartParser.Event) throws(KinoraError) {
    switch event {
    case .partBegan(let part):
      self.part = part
      text = []
      if part.filename != nil {
        writer = UploadWriter(
          path: artifacts.temporaryPath(), content: .raw, limit: Limits.inputBytes)
      }
    case .data(let bytes):
      if let writer { return try writer.write(bytes) }
      if let long { return try long.take(Array(bytes)) }
      text += bytes
      guard text.count > Limits.liftRequestBytes else { return }
      let long = LiftedString { [artifacts] in
        UploadWriter(
          path: artifacts.temporaryPath(), content: .base64, limit: JSONUpload.longestBase64)
      }
      self.long = long
      try long.take(text)
    case .partEnded:
      guard let part else { return }
      try tree.add(part.name, value(part))
      writer = nil
      long = nil
    }
  }

  private func value(_ part: MultipartPart) throws(KinoraError) -> String {
    if let writer {
      lifts.append(.file(try writer.finish()))
      return names.placeholder(lifts.count - 1)
    }
    if let long {
      lifts.append(try long.finish())
      return names.placeholder(lifts.count - 1)
    }
    textBytes += text.count
    guard textBytes <= Limits.jsonBytes else {
      throw KinoraError(
        .tooLarge, "text fields may have at most \(Limits.jsonBytes) bytes besides data URLs",
        field: part.name)
    }
    guard let text = String(validating: text, as: UTF8.self) else {
      throw KinoraError(
        .malformedBody, "\(part.name) is not UTF-8; send media as a file part with a file name",
        field: part.name)
    }
    return text
  }
}
