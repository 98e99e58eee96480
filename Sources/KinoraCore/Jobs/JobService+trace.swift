public import KinoraModel

extension JobService {
  /// Every event of a job that is kept, oldest first.
  public func history(_ id: JobID, _ viewer: Viewer) async throws(KinoraError) -> [JobEvent] {
    _ = try await job(id, viewer)
    let head = hub.head
    let most = 500
    var events: [JobEvent] = []
    while true {
      let rows = try await parts.store.events(
        after: events.last?.seq ?? 0, upTo: head, job: id, client: nil, limit: most)
      events += rows
      if rows.count < most { return events }
    }
  }
}
