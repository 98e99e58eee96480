package import KinoraModel

/// A job's record as the bytes of its row, and back.
package enum RecordCoding {
  /// JSON text of a record.
  package static func bytes(_ record: JobRecord) throws(KinoraError) -> [UInt8] {
    try RecordEncoder().encode(record)
  }

  /// A record from its row's bytes.
  package static func record(_ bytes: UnsafeRawBufferPointer) throws(KinoraError) -> JobRecord {
    try decoder.decode(JobRecord.self, from: bytes)
  }

  // Rows that an older version wrote lack the members that came later: these are their values.
  private static let decoder: RecordDecoder = {
    let record = JobRecord(
      id: JobID(rawValue: ""), client: "", principal: "", door: "", createdAt: 0,
      request: GenerationRequest(model: "", prompt: ""), kind: .textToVideo, provider: "",
      plugin: "", model: "", seed: "", terms: SubmitTerms(),
      quote: Quote(amount: .zero, basis: "", source: ""), queueUntil: 0)
    guard let bytes = try? RecordEncoder().encode(record) else { return RecordDecoder() }
    return RecordDecoder(template: try? JSON.parse(bytes))
  }()

  /// FNV-1a, 64 bits: SQLite's pages carry no checksum, so a row carries its own.
  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return Int64(bitPattern: hash)
  }
}
