package import KinoraModel

/// Where this dialect keeps a customer's files: `customers/ID/assets/video/TIMESTAMP_UUID.mp4`.
///
/// Nothing is stored under that name twice: the UUID is the job's own 128 random bits, and the
/// milliseconds of the timestamp tell several files of one job apart.
package enum StorageKey {
  /// The key of a job's file.
  package static func of(_ record: JobRecord, _ index: Int, customer: String) -> String {
    "customers/\(customer)/assets/video/\(name(record, index))"
  }

  /// The key's last part.
  package static func name(_ record: JobRecord, _ index: Int) -> String {
    let at = UTC.timestamp(record.createdAt + Int64(index))
    let time = at.filter { $0.isNumber || $0 == "T" }
    let digits = Array(record.id.rawValue.split(separator: "_").last ?? "")
    guard digits.count == 32 else { return "\(time)_\(String(digits)).mp4" }
    let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
    return "\(time)_\(parts.joined(separator: "-")).\(ending(record, index))"
  }

  private static func ending(_ record: JobRecord, _ index: Int) -> String {
    guard record.artifacts.indices.contains(index) else { return "mp4" }
    return APIService.ending(record.artifacts[index].mime)
  }

  /// The job that a key's last part names; nil when it has another form.
  package static func job(_ name: String) -> JobID? {
    guard let stem = name.split(separator: ".").first, let uuid = stem.split(separator: "_").last,
      uuid.utf8.count == 36
    else { return nil }
    return JobID(rawValue: "video_" + uuid.filter { $0 != "-" })
  }
}
