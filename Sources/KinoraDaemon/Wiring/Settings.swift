import KinoraCore
import KinoraModel
import KinoraPluginHost
import KinoraTransport

/// A configuration together with the catalogs of the loaded plugins: what the parts are set to.
struct Settings {
  var configuration: Configuration
  var providers: [ProviderSettings]
  var catalogs: [String: Catalog]
  var listed: [String: Catalog]
  var absent: [String: String]
  /// Models by provider that the configuration puts in place of the catalog's.
  var written: [String: [CatalogModel]] = [:]

  /// Fills in the catalogs' base URLs and says which providers have no usable plugin. Errors that only
  /// the catalogs show (a credential that the plugin does not know) are configuration errors too.
  /// `listed` are catalogs by provider that count for its models.
  static func make(
    _ configuration: Configuration, plugins: [PluginInfo], listed: [String: Catalog] = [:],
    keys: WellKnownKeys = .own
  ) -> (settings: Settings, errors: [ConfigurationError]) {
    var catalogs: [String: Catalog] = [:]
    for plugin in plugins where plugin.state == .loaded || plugin.state == .changed {
      if catalogs[plugin.name] == nil { catalogs[plugin.name] = plugin.catalog }
    }
    var absent: [String: String] = [:]
    var written: [String: [CatalogModel]] = [:]
    var errors: [ConfigurationError] = []
    var providers = configuration.providers
    for at in providers.indices {
      let settings = providers[at]
      guard let catalog = catalogs[settings.plugin] else {
        let found = plugins.first { $0.name == settings.plugin }
        absent[settings.name] =
          found.map { "its plugin \($0.name) is \($0.state.rawValue): \($0.detail)" }
          ?? "there is no plugin kinora-\(settings.plugin).so in "
          + configuration.pluginPath.joined(separator: ", ")
        continue
      }
      if settings.baseURL.isEmpty { providers[at].baseURL = catalog.baseURL }
      keys.fill(&providers[at], catalog)
      let place =
        configuration.providerPlaces[settings.name]
        ?? SourcePlace(file: "configuration", line: 1, column: 1)
      if let list = settings.models {
        do throws(KinoraError) {
          written[settings.name] = try Catalog.models(list, terms: catalog.models[0].terms)
        } catch {
          errors.append(
            ConfigurationError(
              place: place, message: "providers.\(settings.name)\(error.message)"))
        }
      }
      let known = catalog.credentials.map(\.name)
      for name in settings.credentials.keys.sorted() where !known.contains(name) {
        errors.append(
          ConfigurationError(
            place: place,
            message: "providers.\(settings.name).credentials.\(name): \(settings.plugin) knows "
              + (known.isEmpty ? "no credentials" : known.joined(separator: ", "))))
      }
      let options = catalog.settings.map(\.name)
      for member in settings.options.members ?? []
      where !options.isEmpty && !options.contains(member.key) {
        errors.append(
          ConfigurationError(
            place: place,
            message: "providers.\(settings.name).options.\(member.key): \(settings.plugin) knows "
              + options.joined(separator: ", ")))
      }
    }
    let settings = Settings(
      configuration: configuration, providers: providers, catalogs: catalogs, listed: listed,
      absent: absent, written: written)
    return (settings, errors + settings.routeErrors)
  }

  /// Routes must lead somewhere, and their names must not hide a model.
  private var routeErrors: [ConfigurationError] {
    let index = index
    var errors: [ConfigurationError] = []
    for (name, models) in configuration.routes.sorted(by: { $0.key < $1.key }) {
      guard let place = configuration.routePlaces[name] else { continue }
      if let entry = try? index.resolve(name) {
        errors.append(
          ConfigurationError(
            place: place, message: "routes.\(name): this name means \(entry.id) already"))
      }
      for model in models {
        do throws(KinoraError) {
          _ = try index.resolve(model)
        } catch {
          // Any other code: its provider is away for now.
          guard error.code == .modelUnknown else { continue }
          let near = error.allowed.isEmpty ? "" : "; near: \(error.allowed.joined(separator: ", "))"
          errors.append(
            ConfigurationError(place: place, message: "routes.\(name): \(error.message)\(near)"))
        }
      }
    }
    return errors
  }

  var index: ModelIndex {
    ModelIndex(
      providers: providers, catalogs: catalogs, listed: listed,
      defaultModel: configuration.defaultModel, absent: absent, written: written)
  }

  /// What the job service goes by.
  func policy(_ transport: TransportPool) -> JobService.Policy {
    var policy = JobService.Policy(
      index: index, maxQueued: configuration.maxQueued, hostCap: configuration.hostBudget)
    policy.deliveryProfiles = configuration.deliveryProfiles
    policy.forms = configuration.forms
    policy.queueWait = configuration.queueWait
    policy.jobLife = configuration.jobLife
    policy.routes = configuration.routes
    policy.styles = configuration.styles
    policy.clients = ClientTable(
      configuration.clients, usualConcurrency: configuration.clientConcurrency)
    policy.customers = configuration.customers
    var required: [String: [String]] = [:]
    var lacking: [String: KinoraError] = [:]
    for provider in providers {
      let catalog = catalogs[provider.plugin]
      required[provider.name] = catalog?.credentials.filter(\.isRequired).map(\.name)
      lacking[provider.name] = catalog?.settings.first { setting in
        setting.isRequired && provider.options[setting.name] == nil
      }.map { setting in
        KinoraError(
          .configuration,
          "providers.\(provider.name).options.\(setting.name) is missing: \(setting.help)",
          field: "providers.\(provider.name).options.\(setting.name)")
      }
    }
    let (names, lacks) = (required, lacking)
    policy.readiness = { provider in
      if let error = lacks[provider] { return error }
      for name in names[provider] ?? [] {
        do throws(KinoraError) {
          _ = try transport.credentials(provider: provider)?.secret(name)
        } catch {
          return error
        }
      }
      return transport.problem(provider: provider)
    }
    return policy
  }
}
