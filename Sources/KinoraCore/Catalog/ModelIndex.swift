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
    /// `PROVIDER/MODEL`.
    public var id: String { "\(settings.name)/\(model.id)" }
  }

  /// In the order of the configuration.
  public let entries: [Entry]
  /// What `model` means when a request has none.
  public let defaultModel: String?
  /// Configured providers that have no models now, and why.
  public let absent: [String: String]
  private let byID: [String: Int]
  private let byName: [String: [Int]]

  /// An index of `providers` with the catalogs of their plugins; a provider without a catalog (its
  /// plugin is not loaded) has no models, and `absent` says why. `listed` are the catalogs with the
  /// providers' own lists of models over them, by the providers' names; `written` are models by
  /// provider that the configuration puts in place of either.
  public init(
    providers: [ProviderSettings], catalogs: [String: Catalog], listed: [String: Catalog] = [:],
    defaultModel: String?, absent: [String: String] = [:], written: [String: [CatalogModel]] = [:]
  ) {
    var entries: [Entry] = []
    var byID: [String: Int] = [:]
    var byName: [String: [Int]] = [:]
    for settings in providers {
      guard let own = catalogs[settings.plugin] else { continue }
      let catalog = listed[settings.name] ?? own
      for (position, model) in (written[settings.name] ?? catalog.models).enumerated() {
        let at = entries.count
        let entry = Entry(settings: settings, catalog: catalog, model: model)
        entries.append(entry)
        byID[entry.id] = at
        for name in Set([model.id] + model.aliases) { byName[name, default: []].append(at) }
        for alias in model.aliases { byID["\(settings.name)/\(alias)"] = at }
        if position == 0, byID[settings.name] == nil { byID[settings.name] = at }
      }
    }
    self.entries = entries
    self.byID = byID
    self.byName = byName
    self.defaultModel = defaultModel
    self.absent = absent
  }

  /// The model that `name` means. Throws `modelUnknown` with the nearest names.
  public func resolve(_ name: String?) throws(KinoraError) -> Entry {
    guard let name = name ?? defaultModel, !name.isEmpty else {
      throw KinoraError(
        .modelUnknown, "no model was named and no default is configured", field: "model",
        allowed: entries.prefix(8).map(\.id))
    }
    if let at = byID[name] { return entries[at] }
    let found = byName[name] ?? []
    if found.count == 1 { return entries[found[0]] }
    if found.count > 1 {
      throw KinoraError(
        .modelUnknown, "the model name \(name.quoted) fits several providers: say which",
        field: "model", allowed: found.map { entries[$0].id })
    }
    let provider = name.split(separator: "/").first.map(String.init) ?? name
    if let why = absent[provider] {
      throw KinoraError(.unavailable, "\(provider) has no models now: \(why)", field: "model")
    }
    let near = Spelling.nearest(name, in: entries.map(\.id) + Array(byName.keys), most: 5)
    throw KinoraError(
      .modelUnknown, "there is no model \(name.quoted)", field: "model",
      allowed: near.isEmpty ? entries.prefix(8).map(\.id) : near)
  }

  /// The model a stored job was made with, or nil when its provider, plugin or model is gone.
  public func entry(provider: String, model: String) -> Entry? {
    byID["\(provider)/\(model)"].map { entries[$0] }
  }
}

extension String {
  /// In double quotes and shortened, for messages.
  package var quoted: String { count > 80 ? "\"\(prefix(77))…\"" : "\"\(self)\"" }
}
