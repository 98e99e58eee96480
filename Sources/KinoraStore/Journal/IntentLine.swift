public import KinoraModel

/// One line of the journal file: a JSON object and a line end.
enum IntentLine {
  static let newline = UInt8(ascii: "\n")

  /// The first line: which generation of the journal this file is.
  struct Header: Codable {
    var generation: Int64
    var boot: String
    var at: Milliseconds
  }

  /// A paid request is about to leave, or leaves again under its deduplicating key.
  struct Permit: Codable {
    var intent: Intent
    var boot: String
  }

  static func bytes(_ line: some Encodable) throws(KinoraError) -> [UInt8] {
    try RecordEncoder().encode(line) + [newline]
  }
}

/// What a journal file holds.
public struct IntentHistory: Sendable, Equatable {
  /// The last generation that the file names; 0 for a new file.
  public var generation: Int64 = 0
  /// Every permit and repeat, oldest first.
  public var intents: [Intent] = []
  /// Numbers of complete lines, from 1, that could not be read. A permit may be hidden in each: a
  /// person should look.
  public var unreadableLines: [Int] = []
  /// Bytes after the last line end: an append that was cut off. Its caller never got an answer, so
  /// nothing was sent for it.
  public var tornBytes: Int = 0

  /// An empty history.
  public init() {}

  init(_ bytes: [UInt8]) {
    let decoder = RecordDecoder()
    bytes.withUnsafeBytes { raw in
      var start = 0
      var number = 0
      while start < raw.count {
        guard let end = raw[start...].firstIndex(of: IntentLine.newline) else {
          tornBytes = raw.count - start
          return
        }
        number += 1
        let line = UnsafeRawBufferPointer(rebasing: raw[start..<end])
        if let permit = try? decoder.decode(IntentLine.Permit.self, from: line) {
          intents.append(permit.intent)
        } else if let header = try? decoder.decode(IntentLine.Header.self, from: line) {
          generation = max(generation, header.generation)
        } else {
          unreadableLines.append(number)
        }
        start = end + 1
      }
    }
  }
}
