public import KinoraModel

/// All models of all configured providers, by every name a client may use.
///
/// A model is named `PROVIDER/MODEL`; `MODEL` alone where only one provider has it; an alias; or a
/// provider's name alone, which means its first model.
public struct ModelIndex: Sendable {
  /// One model at one configured provider.
  public struct Entry: Sendable {
    /// The provider.
    public var settings: ProviderSettings
    /// Its plugin's catalog.
    public var catalog: Catalog
    /// The model.
    public var model: CatalogModel
    /// One of those to begin with: the catalog says so, or it is the first one of a catalog that
    /// recommends none.
    public var isRecommended = false
    /// `PROVIDER/MODEL`.
    public var id: String { "\(settings.name)/\(model.id)" }
  }

  /// Which rule made a model of a name.
  public enum Rule: String, Sendable, CaseIterable {
    /// `PROVIDER/MODEL`.
    case exact = "provider/model"
    /// `PROVIDER/ALIAS`.
    case exactAlias = "provider/alias"
    /// The model's own id, which only one provider has.
    case model
    /// One of its other names, which only one provider has.
    case alias
    /// A provider's name alone: its first model.
    case provider
  }

  /// In the order of the configuration.
  public let entries: [Entry]
  /// What `model` means when a request has none.
  public let defaultModel: String?
  /// Configured providers that have no models now, and why.
  public let absent: [String: String]
  private let byID: [String: (at: Int, rule: Rule)]
  private let byName: [String: [Int]]
  /// Other names of providers (`gemini` for `google`), as their plugins' catalogs have them. A
  /// configured provider's own name is never one of them.
  public let providerAliases: [String: String]

  /// An index of `providers` with the catalogs of their plugins; a provider without a catalog (its
  /// plugin is not loaded) has no models, and `absent` says why. `listed` are the catalogs with the
  /// providers' own lists of models over them, by the providers' names; `written` are models by
  /// provider that the configuration puts in place of either.
  public init(
    providers: [ProviderSettings], catalogs: [String: Catalog], listed: [String: Catalog] = [:],
    defaultModel: String?, absent: [String: String] = [:], written: [String: [CatalogModel]] = [:]
  ) {
    var entries: [Entry] = []
    var byID: [String: (at: Int, rule: Rule)] = [:]
    var byName: [String: [Int]] = [:]
    var aliases: [String: String] = [:]
    for settings in providers {
      guard let own = catalogs[settings.plugin] else { continue }
      let catalog = listed[settings.name] ?? own
      for alias in own.aliases
      where aliases[alias] == nil && !providers.contains(where: { $0.name == alias }) {
        aliases[alias] = settings.name
      }
      let models = written[settings.name] ?? catalog.models
      let recommends = models.contains(where: \.isRecommended)
      for (position, model) in models.enumerated() {
        let at = entries.count
        let entry = Entry(
          settings: settings, catalog: catalog, model: model,
          isRecommended: recommends ? model.isRecommended : position == 0)
        entries.append(entry)
        byID[entry.id] = (at, .exact)
        for name in Set([model.id] + model.aliases) { byName[name, default: []].append(at) }
        for alias in model.aliases { byID["\(settings.name)/\(alias)"] = (at, .exactAlias) }
        if position == 0, byID[settings.name] == nil { byID[settings.name] = (at, .provider) }
      }
    }
    self.entries = entries
    self.byID = byID
    self.byName = byName
    providerAliases = aliases
    self.defaultModel = defaultModel
    self.absent = absent
  }

  /// The model that `name` means. Throws `modelUnknown` with the nearest names.
  public func resolve(_ name: String?) throws(KinoraError) -> Entry { try match(name).entry }

  /// The same with the rule that found it. Every name of a model that a client gives comes through
  /// here, whatever door it came in by.
  public func match(_ name: String?) throws(KinoraError) -> (entry: Entry, rule: Rule) {
    guard let name = name ?? defaultModel, !name.isEmpty else {
      throw KinoraError(
        .modelUnknown, "no model was named and no default is configured", field: "model",
        allowed: examples)
    }
    if let found = byID[name] { return (entries[found.at], found.rule) }
    let found = byName[name] ?? []
    if found.count == 1 {
      let entry = entries[found[0]]
      return (entry, entry.model.id == name ? .model : .alias)
    }
    if found.count > 1 {
      throw KinoraError(
        .modelUnknown, "the model name \(name.quoted) fits several providers: say which",
        field: "model", allowed: found.map { entries[$0].id })
    }
    let provider = name.split(separator: "/").first.map(String.init) ?? name
    if let real = providerAliases[provider] {
      return try match(real + name.dropFirst(provider.count))
    }
    if let why = absent[provider] {
      throw KinoraError(.unavailable, "\(provider) has no models now: \(why)", field: "model")
    }
    let near = Spelling.nearest(name, in: entries.map(\.id) + Array(byName.keys), most: 5)
    throw KinoraError(
      .modelUnknown, "there is no model \(name.quoted)", field: "model",
      allowed: near.isEmpty ? examples : near)
  }

  /// What somebody may try who named nothing that is near a model: one of each provider.
  private var examples: [String] {
    var seen: Set<String> = []
    return entries.filter { $0.isRecommended && seen.insert($0.settings.name).inserted }
      .prefix(12).map(\.id)
  }

  /// The refusal of a model that makes no videos where one is wanted; it names some that do.
  public func noVideo(_ entry: Entry) -> KinoraError {
    let videos = entries.filter { $0.model.medium == "video" }
    let isAlone = !videos.contains { $0.settings.name == entry.settings.name }
    return KinoraError(
      .providerNoVideo,
      isAlone
        ? "\(entry.settings.name) makes no videos, \(entry.id) makes \(entry.model.medium)s"
        : "\(entry.id) makes no videos", field: "model", allowed: videos.prefix(8).map(\.id))
  }

  /// The model a stored job was made with, or nil when its provider, plugin or model is gone.
  public func entry(provider: String, model: String) -> Entry? {
    byID["\(provider)/\(model)"].map { entries[$0.at] }
  }
}

extension String {
  /// In double quotes and shortened, for messages.
  package var quoted: String { count > 80 ? "\"\(prefix(77))…\"" : "\"\(self)\"" }
}
