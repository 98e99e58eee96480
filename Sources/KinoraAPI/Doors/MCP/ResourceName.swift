import KinoraModel

/// A file of a job as a resource: `kinora://videos/ID/0`. A client reads it with `resources/read`,
/// through the connection that it has, and needs no address that only a socket's peer can reach.
struct ResourceName {
  static let template = "kinora://videos/{id}/{index}"

  let job: JobID
  let index: Int

  init(_ job: JobID, _ index: Int) {
    self.job = job
    self.index = index
  }

  /// Nil for anything else.
  init?(_ uri: String) {
    let parts = uri.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "kinora:", parts[1].isEmpty, parts[2] == "videos",
      let index = Int(parts[4]), (0...99).contains(index)
    else { return nil }
    self.init(JobID(rawValue: String(parts[3])), index)
  }

  var uri: String { "kinora://videos/\(job)/\(index)" }
}
