import KinoraModel
import KinoraPluginHost
import KinoraSystem

/// The providers' own lists of models, for plugins that can read one (`kinora.models/1`).
///
/// A list is asked for in the background and kept in the state directory: nothing waits for it, a start
/// takes the one that was kept last, and an answer that is none changes nothing. What a list says
/// counts over the plugin's own catalog, model by model.
struct ModelLists: Sendable {
  /// From the start to the first question, so that a start that goes wrong at once asks nobody.
  static let firstWait: Milliseconds = 60_000
  /// Between questions.
  static let interval: Milliseconds = 6 * 3_600_000

  private let folder: ListFolder
  private let registry: PluginRegistry
  private let log: Log

  init(state: String, registry: PluginRegistry, log: Log) {
    folder = ListFolder(state + "/models")
    self.registry = registry
    self.log = log
  }

  /// The catalogs of the providers that have a kept list, by the providers' names.
  func kept(_ providers: [ProviderSettings]) -> [String: Catalog] {
    var catalogs: [String: Catalog] = [:]
    for provider in providers {
      guard let request = request(provider), let kept = folder.read(provider.name),
        kept.url == request.url
      else { continue }
      do throws(KinoraError) {
        catalogs[provider.name] = try registry.catalog(
          plugin: provider.plugin, listing: kept.answer, on: UTC.day(kept.at))
      } catch {
        refused(provider, error.message)
      }
    }
    return catalogs
  }

  /// Asks every provider that tells its models. True when one of them told something new.
  func ask(
    _ providers: [ProviderSettings], _ transport: any Transport, now: Milliseconds
  ) async -> Bool {
    var isNew = false
    for provider in providers where provider.isEnabled {
      guard let request = request(provider) else { continue }
      let exchange = await transport.send(request, provider: provider.name, permit: nil)
      if Task.isCancelled { return false }
      switch exchange.outcome {
      case .failed(_, let error): refused(provider, error.message)
      case .response(let response) where response.status != 200:
        refused(provider, "it answered \(response.status)")
      case .response(let response):
        isNew = took(response.body, of: provider, request.url, now) || isNew
      }
    }
    return isNew
  }

  private func request(_ provider: ProviderSettings) -> ProviderRequest? {
    guard let plugin = registry.plugin(provider.plugin), let list = plugin.modelList else {
      return nil
    }
    return list.request(provider.baseURL.isEmpty ? plugin.catalog.baseURL : provider.baseURL)
  }

  private func took(
    _ answer: [UInt8], of provider: ProviderSettings, _ url: String, _ now: Milliseconds
  ) -> Bool {
    do throws(KinoraError) {
      let catalog = try registry.catalog(
        plugin: provider.plugin, listing: answer, on: UTC.day(now))
      let old = folder.read(provider.name)
      try folder.write(provider.name, ListFolder.Kept(url: url, at: now, answer: answer))
      guard old?.url != url || old?.answer != answer else { return false }
      log(
        .info, "models.listed", "the provider's list of models is in force",
        ("provider", provider.name), ("models", "\(catalog.models.count)"))
      return true
    } catch {
      refused(provider, error.message)
      return false
    }
  }

  private func refused(_ provider: ProviderSettings, _ why: String) {
    log(
      .warning, "models.refused", "the list of models stays as it was: \(why)",
      ("provider", provider.name))
  }
}
