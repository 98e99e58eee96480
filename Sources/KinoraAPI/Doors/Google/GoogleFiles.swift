import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET files/ID` and `files/ID:download`.
extension APIService {
  func googleFile(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      try call.googleVersion()
      let name = call.values.last ?? ""
      let isDownload = name.hasSuffix(":download")
      let (id, index) = GoogleDoor.job(isDownload ? name.dropLast(":download".count) : name[...])
      if isDownload { return try await content(id, index: index, call) }
      let (record, artifact, _) = try await service.artifact(id, index: index, call.viewer)
      let file = GoogleDoor.fileName(id, index)
      let time = JSON.string(UTC.timestamp(record.endedAt ?? record.createdAt))
      return Answer.json([
        "name": .string("files/\(file)"), "mimeType": .string(artifact.mime),
        "sizeBytes": .string(String(artifact.bytes)), "createTime": time, "updateTime": time,
        "state": "ACTIVE", "source": "GENERATED",
        "sha256Hash": .string(artifact.sha256),
        "uri": .string("https://generativelanguage.googleapis.com/v1beta/files/\(file)"),
        "downloadUri": .string(GoogleDoor.uri(id, index, call)),
      ])
    }
  }
}
