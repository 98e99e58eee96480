import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/videos/ID` and `GET /v1/videos`.
extension APIService {
  /// Longest `?wait=`, seconds.
  private static let longestWait = 600

  /// The answer about a job that is in memory, made at once on the loop's thread: nearly all reads
  /// are this one. Nil for every other request.
  func cachedJob(_ request: HTTPRequest) -> HTTPResponse? {
    guard request.method == "GET", request.query == nil,
      let id = Self.jobID(inPath: request.path), let viewer = try? identity.viewer(request),
      viewer.scopes.contains(.read),
      let entry = service.cached(id, viewer)
    else { return nil }
    let tag = EntityTag.of(entry.rendered)
    let isKnown = Self.knows(tag, request.fields)
    counter.answered(route: Self.jobRoute, method: "GET", status: isKnown ? 304 : 200)
    // All fields in one go: growing the list costs more than the rest of this function.
    let fields: HTTPFields =
      entry.record.state.isOutwardlyOver
      ? [
        "Content-Type": "application/json", "ETag": tag, "x-request-id": requestIDs.next(),
        "Cache-Control": "no-store",
      ]
      : [
        "Content-Type": "application/json", "ETag": tag, "x-request-id": requestIDs.next(),
        "Cache-Control": "no-store", "Retry-After": KinoraObject.pollAfter,
      ]
    return HTTPResponse(
      status: isKnown ? 304 : 200, fields: fields,
      body: isKnown ? .none : .bytes(entry.rendered))
  }

  private static let jobRoute = Routes.all.firstIndex { $0.template == "/v1/videos/{id}" } ?? -1

  /// The id of a path that is exactly `/v1/videos/ID` and needs no decoding.
  private static func jobID(inPath path: String) -> JobID? {
    let prefix: StaticString = "/v1/videos/"
    var path = path
    let length = path.withUTF8 { utf8 -> Int? in
      let start = prefix.utf8CodeUnitCount
      guard utf8.count > start else { return nil }
      for at in 0..<start where utf8[at] != prefix.utf8Start[at] { return nil }
      for byte in utf8[start...] where byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%") {
        return nil
      }
      return utf8.count - start
    }
    guard let length else { return nil }
    return JobID(rawValue: String(path.utf8.suffix(length)) ?? "")
  }

  /// 200 with the job, or 304.
  static func job(_ bytes: [UInt8], _ fields: HTTPFields) -> HTTPResponse {
    let tag = EntityTag.of(bytes)
    if knows(tag, fields) { return HTTPResponse(status: 304, fields: ["ETag": tag]) }
    var response = Answer.json(bytes)
    response.fields.append("ETag", tag)
    return response
  }

  /// Whether the client says that it has the representation with this tag.
  static func knows(_ tag: String, _ fields: HTTPFields) -> Bool {
    fields["if-none-match"].map { EntityTag.list($0, holds: tag) } ?? false
  }

  func getVideo(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["wait"])
      var record = try await service.job(call.job, call.viewer)
      let wait = try Call.number(query, "wait", in: 0...Self.longestWait) ?? 0
      if wait > 0, !record.state.isOutwardlyOver, !admin.isDraining {
        record = try await service.wait(
          call.job, call.viewer, milliseconds: Milliseconds(wait) * 1000)
      }
      let rendered =
        service.cached(call.job, call.viewer)?.rendered ?? form(record)
      var response = Self.job(rendered, call.request.fields)
      if !record.state.isOutwardlyOver {
        response.fields.append("Retry-After", KinoraObject.pollAfter)
      }
      return response
    }
  }

  func listVideos(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try ListQuery.read(call)
      if let after = query.after {
        do throws(KinoraError) {
          _ = try await service.job(after, call.viewer)
        } catch {
          guard error.code == .notFound else { throw error }
          throw KinoraError(.badField, "after: \(error.message)", field: "after")
        }
      }
      let page = try await service.jobs(query, call.viewer)
      var json = JSONWriter(capacity: 256 + page.jobs.count * 1536)
      json.beginObject()
      json.member("object", "list")
      json.key("data")
      json.beginArray()
      for job in page.jobs { json.raw(rendered(job, call.viewer)) }
      json.endArray()
      json.member("has_more", .bool(page.hasMore))
      json.member("first_id", JSON(page.jobs.first?.id.rawValue))
      json.member("last_id", JSON(page.jobs.last?.id.rawValue))
      json.endObject()
      return Answer.json(json.bytes)
    }
  }

  /// The shared bytes where they are of this very version.
  func rendered(_ record: JobRecord, _ viewer: Viewer) -> [UInt8] {
    if let entry = service.cached(record.id, viewer), entry.record.sequence == record.sequence,
      entry.record.state == record.state
    {
      return entry.rendered
    }
    return form(record)
  }

  /// The outward form, made anew.
  func form(_ record: JobRecord) -> [UInt8] {
    JobRenderer.render(record, life: service.policy.jobLife)
  }
}
