import Glibc
import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/videos/ID/content`.
extension APIService {
  private static let variants = ["video"]

  func videoContent(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["index", "variant"])
      let index = try Call.number(query, "index", in: 0...99) ?? 0
      if let variant = query["variant"], variant != "video" {
        throw KinoraError(
          .notSupported, "there is no variant \(variant.prefix(40)) of a file", field: "variant",
          allowed: Self.variants)
      }
      return try await content(call.job, index: index, call)
    }
  }

  /// The answer with a stored file: ranges, ETag and sendfile are the server's. A reader who gets its
  /// last byte has taken the result.
  func content(_ id: JobID, index: Int, _ call: Call) async throws(KinoraError) -> HTTPResponse {
    let (record, artifact, path) = try await service.artifact(id, index: index, call.viewer)
    let descriptor = try StoredFile.open(path, bytes: artifact.bytes, of: record.id)
    var response = HTTPResponse(status: 200, fields: ["Content-Type": artifact.mime])
    response.fields.append(
      "Content-Disposition", "inline; filename=\"\(Self.fileName(record, artifact, index))\"")
    response.fields.append("X-Content-Type-Options", "nosniff")
    response.fields.append("Cache-Control", "private, no-cache")
    // Equal files of several jobs are one, so the date may be older than the job; it never goes back.
    var facts = stat()
    let modified = fstat(descriptor, &facts) == 0 ? Int64(facts.st_mtim.tv_sec) : nil
    response.body = .file(
      HTTPFile(
        descriptor: descriptor, length: artifact.bytes, etag: artifact.sha256, modified: modified))
    let known = FileSelection.Facts(
      length: artifact.bytes, etag: artifact.sha256, modified: modified, now: clock.now() / 1000)
    if Self.readsEnd(call.request, known) {
      response.sent = { [service] whole in if whole { service.wasRead(record, call.viewer) } }
    }
    return response
  }

  /// Whether the answer has the last byte in it: a whole file, or the rest of one that was begun.
  private static func readsEnd(_ request: HTTPRequest, _ file: FileSelection.Facts) -> Bool {
    guard request.method == "GET" else { return false }
    switch FileSelection(method: "GET", fields: request.fields, file) {
    case .whole: return true
    case .part(let range): return range.upperBound == file.length
    case .notModified, .preconditionFailed, .unsatisfiable: return false
    }
  }

  /// `generated_1795248000000.mp4`: when the job was made, in milliseconds, and what the bytes are.
  /// Nothing in it comes from a client.
  static func fileName(_ record: JobRecord, _ artifact: Artifact, _ index: Int) -> String {
    let suffix = index > 0 ? "_\(index)" : ""
    return "generated_\(record.createdAt)\(suffix).\(ending(artifact.mime))"
  }

  /// How the name of a file of this type ends.
  static func ending(_ mime: String) -> String {
    switch mime {
    case "video/mp4": "mp4"
    case "video/webm": "webm"
    case "video/quicktime": "mov"
    case "image/png": "png"
    case "image/jpeg": "jpg"
    case "image/webp": "webp"
    case "image/gif": "gif"
    default: "bin"
    }
  }
}
