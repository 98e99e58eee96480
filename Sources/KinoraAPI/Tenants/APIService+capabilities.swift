import KinoraCore
import KinoraHTTP
import KinoraModel

/// What is possible now, and why not what is not: `GET /v1/capabilities`, and the form of it.
extension APIService {
  private static let parameters = ["tenant", "model", "user"]

  /// `?tenant=`, `?model=`, `?user=`: the model that a request with these would get.
  func capabilities(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(Self.parameters)
      let asked = try asked(query, call)
      var possible: [JSONMember] = [
        JSONMember("object", "capabilities"), JSONMember("tenant", JSON(query["tenant"])),
      ]
      possible.append(JSONMember("video", try await video(asked, query["user"])))
      let images = service.models(call.viewer).filter { $0.model.medium == "image" }
      let kept = images.first { problem($0, service.policy) == nil }
      let reason =
        images.isEmpty
        ? "no model that you may use makes images"
        : kept == nil ? images.first.flatMap { problem($0, service.policy) } : nil
      possible.append(
        JSONMember(
          "image",
          [
            "enabled": .bool(reason == nil), "reason": JSON(reason),
            "models": .array(images.map { .string($0.id) }),
            "quota": try await standing(asked, .image, query["user"]),
          ]))
      possible.append(JSONMember("providers", providers(call.viewer)))
      return Answer.json(.object(possible))
    }
  }

  /// The JSON Schema of a form, made of what the chosen model takes.
  func videoForm(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(Self.parameters)
      let asked = try asked(query, call)
      let entry = try service.entry(for: asked)
      guard entry.model.medium == "video" else { throw service.policy.index.noVideo(entry) }
      var form = VideoForm(entry: entry, bounds: service.policy.forms)
      form.styles = service.styles(client: call.viewer.client, tenant: asked.request.tenant)
        .map(\.name)
      return Answer.json(form.json)
    }
  }

  /// What each provider can make with the models that the viewer may use.
  private func providers(_ viewer: Viewer) -> JSON {
    var list: [JSONMember] = []
    let models = service.models(viewer)
    let readiness = service.policy.readiness
    for name in models.map(\.settings.name) where !list.contains(where: { $0.key == name }) {
      let own = models.filter { $0.settings.name == name }
      let kinds = GenerationKind.allCases.filter { kind in
        own.contains { $0.model.kinds.contains(kind) }
      }
      let problem = readiness(name)?.message
      list.append(
        JSONMember(
          name,
          [
            "plugin": .string(own[0].settings.plugin), "models": .integer(Int64(own.count)),
            "kinds": .array(kinds.map { .string($0.rawValue) }),
            "audio": .bool(own.contains { $0.model.audio != .never }),
            "ready": .bool(problem == nil), "reason": JSON(problem),
          ]))
    }
    return .object(list)
  }

  private func asked(_ query: HTTPQuery, _ call: Call) throws(KinoraError) -> Submission {
    var request = GenerationRequest(model: query["model"] ?? "", prompt: "")
    request.tenant = try query["tenant"].map { name throws(KinoraError) in try Self.tenant(name) }
    return Submission(request: request, viewer: call.viewer, door: "videos", key: nil)
  }

  private func video(_ asked: Submission, _ user: String?) async throws(KinoraError) -> JSON {
    let quota = try await standing(asked, .video, user)
    let entry: ModelIndex.Entry
    do throws(KinoraError) {
      entry = try service.entry(for: asked)
    } catch {
      return [
        "enabled": false, "reason": .string(error.message), "code": .string(error.code.rawValue),
        "model": .null, "quota": quota,
      ]
    }
    var (reason, code): (String?, KinoraError.Code?) = (nil, nil)
    if entry.model.medium != "video" {
      (reason, code) = ("\(entry.id) makes no videos", .providerNoVideo)
    } else if let error = service.policy.readiness(entry.settings.name) {
      (reason, code) = (error.message, error.code)
    } else if let words = problem(entry, service.policy) {
      (reason, code) = (words, .unavailable)
    } else if let scope = ["user", "pool"].first(where: { quota[$0]?["remaining"]?.integer == 0 }) {
      let time = quota[scope]?["resets_at"]?.string ?? ""
      (reason, code) = (
        "the quota of the \(scope) is used up; it resets at \(time)", .quotaExceeded
      )
    }
    return VideoForm(entry: entry).capabilities(
      reason: reason, code: code?.rawValue, quota: quota)
  }

  /// The counts of the tenant; null without one.
  private func standing(
    _ asked: Submission, _ kind: QuotaKind, _ user: String?
  ) async throws(KinoraError) -> JSON {
    guard let tenant = asked.request.tenant else { return .null }
    let standing = try await service.quota(
      client: asked.viewer.client, tenant: tenant, kind: kind, user: user ?? "")
    return TenantRenderer.json(standing, user: user)
  }
}
