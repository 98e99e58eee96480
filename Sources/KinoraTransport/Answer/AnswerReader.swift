import KinoraModel

/// Takes an answer as it comes and keeps it within its limits: in memory, in a file, or as JSON whose
/// long strings are in files. Confined to one thread at a time, the one that receives.
final class AnswerReader: @unchecked Sendable {
  private enum Mode { case undecided, memory, file, lifting }

  /// Bytes of an error answer to a download that are kept.
  static let errorBytes = 64 * 1024

  private let rules: AnswerRules
  private var mode = Mode.undecided
  private(set) var status = 0
  private(set) var fields: [(name: String, value: String)] = []
  private(set) var kind: AnswerKind?
  private(set) var problem: KinoraError?
  private(set) var received: Int64 = 0
  private var memory: [UInt8] = []
  private var lifter: JSONLifter
  private var spools: SpoolFiles

  init(_ rules: AnswerRules) {
    self.rules = rules
    lifter = JSONLifter(
      threshold: Limits.liftResponseBytes, nonce: rules.nonce, escapes: .decoded)
    spools = SpoolFiles(limit: rules.maxFile, newPath: rules.spoolPath)
  }

  /// The final status and fields, once, before the body.
  func head(_ status: Int, _ fields: [(name: String, value: String)]) {
    self.status = status
    self.fields = fields
  }

  /// Takes bytes of the body; false when the transfer must end, with the reason in `problem`.
  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard problem == nil else { return false }
    guard !bytes.isEmpty else { return true }
    received += Int64(bytes.count)
    if mode == .undecided { decide(bytes) }
    do throws(KinoraError) {
      switch mode {
      case .undecided: break
      case .memory: return try remember(bytes)
      case .file: try spools.write(bytes)
      case .lifting: try lift(bytes)
      }
    } catch {
      problem = error
      return false
    }
    return true
  }

  /// The whole answer. Throws what went wrong with its limits or its files.
  func finish() throws(KinoraError) -> ProviderResponse {
    if mode == .undecided { decide(UnsafeRawBufferPointer(start: nil, count: 0)) }
    if let problem { throw problem }
    try spools.closeFile()
    var response = ProviderResponse(
      status: status, fields: fields, body: memory, spools: spools.list, tag: rules.tag)
    if mode == .lifting {
      (response.body, response.spools) = LiftedText.resolve(memory, lifter, spools.list)
    }
    return response
  }

  /// Removes the files; for an answer that nobody will read.
  func discard() { spools.discard() }

  private func decide(_ bytes: UnsafeRawBufferPointer) {
    let type = fields.first { $0.name == "content-type" }?.value
    let kind = AnswerKind(contentType: type, first: bytes)
    self.kind = kind
    let isGood = (200...299).contains(status)
    do throws(KinoraError) {
      if let path = rules.destination, isGood, kind != .html {
        mode = .file
        try spools.begin(at: path)
      } else if rules.streamsToFile, isGood, kind == .other {
        mode = .file
        try spools.begin(at: nil)
      } else {
        mode = rules.liftsStrings && kind == .json ? .lifting : .memory
      }
    } catch {
      problem = error
    }
  }

  private func remember(_ bytes: UnsafeRawBufferPointer) throws(KinoraError) -> Bool {
    if rules.destination != nil {
      let room = max(0, Self.errorBytes - memory.count)
      memory.append(contentsOf: bytes.prefix(room))
      return true
    }
    guard memory.count + bytes.count <= rules.maxBody else {
      throw KinoraError(.tooLarge, "the provider's answer is longer than \(rules.maxBody) bytes")
    }
    memory.append(contentsOf: bytes)
    return true
  }

  private func lift(_ bytes: UnsafeRawBufferPointer) throws(KinoraError) {
    let pieces: [JSONLifter.Piece]
    do {
      pieces = try lifter.feed(bytes)
    } catch {
      throw KinoraError(
        .providerProtocol, "the provider's answer is not JSON: \(error.reason) at \(error.offset)")
    }
    for piece in pieces {
      switch piece {
      case .text(let text):
        _ = try text.withUnsafeBytesTyped { (raw) throws(KinoraError) in
          try remember(raw)
        }
      case .begin: try spools.begin(at: nil)
      case .lifted(let text):
        try text.withUnsafeBytesTyped { (raw) throws(KinoraError) in try spools.write(raw) }
      case .end: try spools.closeFile()
      }
    }
  }
}

extension Array where Element == UInt8 {
  /// `withUnsafeBytes` that throws our type.
  func withUnsafeBytesTyped<T>(
    _ body: (UnsafeRawBufferPointer) throws(KinoraError) -> T
  ) throws(KinoraError) -> T {
    var result: Result<T, KinoraError>?
    withUnsafeBytes { raw in
      do throws(KinoraError) {
        result = .success(try body(raw))
      } catch {
        result = .failure(error)
      }
    }
    guard let result else { throw KinoraError(.internalError, "no bytes") }
    return try result.get()
  }
}
