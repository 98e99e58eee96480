import KinoraHTTP
import KinoraModel

extension Google {
  /// Hours that a generated file is kept.
  private static let keptHours: Int64 = 48

  /// `GET` and `DELETE /files/ID`, `GET /files/ID:download`.
  func file(_ text: String, _ call: Call) -> Route {
    let isDownload = text.hasSuffix(":download")
    let id = isDownload ? String(text.dropLast(":download".count)) : text
    guard let job = owner(of: id), !job.deleted else {
      return .plain(GoogleError.noFile(id), .fetch)
    }
    if call.method == "DELETE" {
      return .about(job, .other) { _ in
        if let ticket = world.jobs.delete(job.id) { await world.journal.durable(ticket) }
        return .json(200, [:])
      }
    }
    return .about(job, isDownload ? .fetch : .other) { _ in
      let job = world.jobs[job.id] ?? job
      guard world.stage(job) == .succeeded else { return GoogleError.noFile(id) }
      if !isDownload { return await describe(job, id, call) }
      guard let asset = await world.asset(job) else { return failure(.status(500)) }
      return .asset(asset, type: job.shape.mime, etag: id)
    }
  }

  /// Operations name their file as themselves; the file of an interaction is its id's last part.
  private func owner(of file: String) -> Job? {
    let job = world.jobs[file] ?? world.jobs[Self.interactionPrefix + file]
    return job?.provider == name ? job : nil
  }

  private func describe(_ job: Job, _ id: String, _ call: Call) async -> HTTPResponse {
    .json(
      200,
      [
        "name": .string("files/\(id)"), "mimeType": .string(job.shape.mime),
        "createTime": .string(UTC.timestamp(job.created)),
        "updateTime": .string(UTC.timestamp(job.created)),
        "expirationTime": .string(UTC.timestamp(job.created + Self.keptHours * 3_600_000)),
        "state": "ACTIVE", "source": "GENERATED",
        "uri": .string("https://generativelanguage.googleapis.com/v1beta/files/\(id)"),
        "downloadUri": .string(uri(file: id, call)),
      ])
  }
}
