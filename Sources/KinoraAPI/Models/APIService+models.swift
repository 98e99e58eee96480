import KinoraCore
import KinoraHTTP
import KinoraModel

/// `GET /v1/models` and `GET /v1/models/ID`.
extension APIService {
  func listModels(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      _ = try call.query([])
      return Answer.json(["object": "list", "data": .array(modelList(call.viewer))])
    }
  }

  /// Models and routes that a viewer may ask for.
  func modelList(_ viewer: Viewer) -> [JSON] {
    let policy = service.policy
    var models = service.models(viewer)
    // A client that may use none of the recommended ones begins with its first.
    if !models.isEmpty, !models.contains(where: \.isRecommended) {
      models[0].isRecommended = true
    }
    let data = models.map {
      ModelRenderer.json($0, problem: problem($0, policy), cooldown: service.cooldown($0))
    }
    return data + policy.routes.sorted { $0.key < $1.key }.map(ModelRenderer.json(route:models:))
  }

  func getModel(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let policy = service.policy
      let entry: ModelIndex.Entry
      do throws(KinoraError) {
        entry = try policy.index.resolve(call.values.first)
        if policy.clients.rules(call.viewer.client)?.allows(entry) == false {
          throw KinoraError(
            .modelUnknown, "\(call.viewer.client) may not use \(entry.id)", field: "model",
            allowed: service.models(call.viewer).map(\.id))
        }
      } catch {
        var missing = error
        missing.code = .notFound
        throw missing
      }
      return Answer.json(
        ModelRenderer.json(
          entry, problem: problem(entry, policy), cooldown: service.cooldown(entry)))
    }
  }

  /// Why no job is accepted for a model, or none would start.
  func problem(_ entry: ModelIndex.Entry, _ policy: JobService.Policy) -> String? {
    if let day = entry.model.retiredAt, let at = UTC.parse(day), at <= clock.now(),
      ModelRenderer.isShutdownOurs(entry)
    {
      return "shut down by its provider on \(day)"
    }
    if !entry.settings.isEnabled { return "\(entry.settings.name) is switched off" }
    return policy.readiness(entry.settings.name)?.message
  }
}
