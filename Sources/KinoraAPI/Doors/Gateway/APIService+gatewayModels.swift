import KinoraCore
import KinoraHTTP
import KinoraModel

/// Which models the gateway's names mean, and `/v4/ai/config`.
extension APIService {
  /// The model of a slug such as `google/veo-3.1`: a provider and its model, a model's whole id at
  /// the one provider that has it, or an alias. Where the provider of that name has shut the model
  /// down, another that offers it under the same slug is meant.
  func gatewayModel(_ slug: String) throws(KinoraError) -> ModelIndex.Entry {
    let index = service.policy.index
    let entry = try index.resolve(slug)
    guard isShutDown(entry) else { return entry }
    return index.entries.first {
      ($0.model.id == slug || $0.model.aliases.contains(slug)) && !isShutDown($0)
    } ?? entry
  }

  private func isShutDown(_ entry: ModelIndex.Entry) -> Bool {
    guard let day = entry.model.retiredAt, let at = UTC.parse(day), at <= clock.now() else {
      return false
    }
    return ModelRenderer.isShutdownOurs(entry)
  }

  /// The models that make videos, as the client's `getAvailableModels` reads them. Each release of the
  /// client takes its own specification version and no other.
  func gatewayConfig(_ call: Call) -> HTTPReply {
    now(call) { () throws(KinoraError) in
      let agent = call.request.fields["user-agent"] ?? ""
      let version = agent.contains("ai-sdk/gateway/3.") ? "v3" : "v4"
      let models = service.models(call.viewer).filter { $0.model.medium == "video" }
      return Answer.json([
        "models": .array(
          models.map { entry in
            [
              "id": .string(entry.id), "name": .string(entry.model.name),
              "specification": [
                "specificationVersion": .string(version), "provider": "gateway",
                "modelId": .string(entry.id),
              ],
              "modelType": "video",
            ]
          })
      ])
    }
  }
}
