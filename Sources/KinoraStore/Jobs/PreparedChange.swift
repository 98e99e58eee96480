import KinoraModel

/// A change with its record already as bytes: that is done on the caller's thread, so that the one
/// writer only writes.
struct PreparedChange: Sendable {
  let change: StoreChange
  let record: JobRecord?
  let bytes: [UInt8]
  let checksum: Int64

  init(_ change: StoreChange) throws(KinoraError) {
    guard change.insert == nil || change.update == nil else {
      throw KinoraError(.internalError, "one change cannot insert and update a job")
    }
    let record = change.insert ?? change.update
    guard record != nil || change.delete != nil else {
      throw KinoraError(.internalError, "a change without a job")
    }
    self.change = change
    self.record = record
    if let record {
      bytes = try RecordCoding.bytes(record)
      checksum = bytes.withUnsafeBytes { RecordCoding.checksum($0) }
    } else {
      bytes = []
      checksum = 0
    }
  }

  /// The lane it waits in; nil for a removal, whose client is not known here.
  var lane: String? { record?.client }
}

extension JobRecord {
  /// True while something may still happen to the job or its money.
  var isOpenInStore: Bool { !state.isTerminal || tailUntil != nil || reserved != .zero }

  /// The stored files that the job needs.
  var files: [String] { artifacts.map(\.sha256) + request.inputs.compactMap(\.sha256) }
}
