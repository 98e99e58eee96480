import KinoraAPI
import KinoraCore
import KinoraModel
import KinoraPluginHost
import KinoraTransport

/// One provider looked at closely, for `kinora doctor provider NAME`.
///
/// What a key may use differs by account. Where the provider tells it (`model_list` of the catalog),
/// it is asked with a free GET; where it only lists what there is, that list is told; else nobody
/// knows before a job, and that is said.
extension Admin {
  func examine(provider asked: String) async throws(KinoraError) -> ProviderExamination {
    let index = parts.service.policy.index
    let name = index.providerAliases[asked] ?? asked
    guard let facts = providers().first(where: { $0.name == name }) else {
      throw KinoraError(
        .notFound, "there is no provider \(asked.quoted)", field: "provider",
        allowed: inForce.providers.map(\.name))
    }
    let entries = index.entries.filter { $0.settings.name == name }
    var found = ProviderExamination(
      provider: name, checks: [check(facts, await parts.engine.status().gates[name])],
      models: entries.map { ($0.model.id, nil) })
    guard found.checks[0].status != .fail, let entry = entries.first else { return found }
    let (check, ids) = await listed(entry)
    found.checks.append(check)
    guard let ids else { return found }
    found.models = entries.map { entry in
      (entry.model.id, ([entry.model.id] + entry.model.aliases).contains(where: ids.contains))
    }
    let may = found.models.count { $0.isAllowed == true }
    found.checks.append(
      DoctorCheck(
        name: "models", status: may == 0 ? .warn : .ok,
        detail: "\(may) of \(found.models.count) models may be used with this key",
        fix: may == 0 ? "ask the provider to open its models to the account" : ""))
    return found
  }

  /// The ids that the provider lists; nil where it has no list, or gave none.
  private func listed(_ entry: ModelIndex.Entry) async -> (DoctorCheck, Set<String>?) {
    let base = entry.settings.baseURL
    if let list = entry.catalog.modelList {
      let request = ProviderRequest(
        method: "GET", url: base + list.path, fields: list.headers, isIdempotent: true,
        timeout: 30_000)
      return await ask(request, entry) { list.ids($0) }
    }
    if let list = parts.registry.plugin(entry.settings.plugin)?.modelList {
      return await ask(list.request(base), entry) { answer in
        (try? list.models(answer.bytes)).map { Set($0.compactMap { $0["id"]?.string }) }
      }
    }
    return (
      DoctorCheck(
        name: "list", status: .ok,
        detail: "\(entry.settings.plugin) has no list of what a key may use: a job will tell"), nil
    )
  }

  private func ask(
    _ request: ProviderRequest, _ entry: ModelIndex.Entry, ids: (JSON) -> Set<String>?
  ) async -> (DoctorCheck, Set<String>?) {
    func failed(_ detail: String, _ fix: String = "") -> (DoctorCheck, Set<String>?) {
      (DoctorCheck(name: "list", status: .fail, detail: detail, fix: fix), nil)
    }
    let name = entry.settings.name
    let exchange = await parts.transport.send(request, provider: name, permit: nil)
    switch exchange.outcome {
    case .failed(_, let error): return failed(error.message, "see the network, base_url and proxy")
    case .response(let response):
      switch response.status {
      case 200...299: break
      case 401, 403:
        return failed(
          "\(name) refused the key: status \(response.status)",
          "take a new one, or another account's")
      default: return failed("\(name) answered \(response.status) to its list of models")
      }
      guard let answer = try? JSON.parse(response.body), let list = ids(answer) else {
        return failed("\(name) answered its list of models in a form that is not understood")
      }
      return (
        DoctorCheck(
          name: "list", status: .ok,
          detail: "the key is taken; \(list.count) models are listed, by "
            + "\(exchange.transport.rawValue)"), list
      )
    }
  }
}
