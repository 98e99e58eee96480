import KinoraCore
import KinoraModel

/// How this dialect finds a provider: by the beginning of the model's name, in any case.
enum StorageModels {
  private struct Family {
    /// How a name of the family begins.
    var prefixes: [String]
    /// The plugins that serve it, the preferred one first.
    var plugins: [String]
    /// What the dialect calls the provider.
    var word: String
    /// Names that mean the family as such: its first model.
    var bare: [String]
  }

  private static let families = [
    Family(
      prefixes: ["kling"], plugins: ["kling", "klingai"], word: "klingai",
      bare: ["kling", "klingai", "kling-v1"]),
    Family(
      prefixes: ["veo", "gemini"], plugins: ["google", "vertex"], word: "gemini",
      bare: ["veo", "gemini"]),
    Family(
      prefixes: ["sora", "openai"], plugins: ["openai", "openai-videos"], word: "openai",
      bare: ["sora", "sora-1", "openai"]),
  ]

  /// What the dialect calls a provider with this plugin; its own name where it has no word.
  static func word(plugin: String, provider: String) -> String {
    families.first { $0.plugins.contains(plugin) }?.word ?? provider
  }

  /// The model that a name means. A name of no family is a model or an alias like everywhere else.
  /// Throws `modelUnknown` with the nearest names.
  static func entry(
    _ name: String, _ index: ModelIndex
  ) throws(KinoraError) -> (entry: ModelIndex.Entry, warning: String?) {
    let lower = name.lowercased()
    guard !name.contains("/"),
      let family = families.first(where: { $0.prefixes.contains { lower.hasPrefix($0) } })
    else { return (try named(name, index), nil) }
    let entries = family.plugins.flatMap { plugin in
      index.entries.filter { $0.settings.plugin == plugin && $0.model.medium == "video" }
    }
    guard !entries.isEmpty else {
      if let entry = try? index.resolve(name) { return (entry, nil) }
      throw KinoraError(
        .modelUnknown,
        "\(name.quoted) is served by \(family.word), and no provider of that kind is configured",
        field: field, allowed: index.entries.prefix(8).map(\.id))
    }
    let fitting = entries.first { entry in
      ([entry.model.id] + entry.model.aliases).contains { $0.lowercased() == lower }
    }
    if let fitting { return (fitting, nil) }
    if family.bare.contains(lower) {
      let isPlain = family.prefixes.contains(lower) || lower == "klingai"
      let warning = "\(name) is no model of the provider: \(entries[0].model.id) is used"
      return (entries[0], isPlain ? nil : warning)
    }
    let names = entries.flatMap { [$0.model.id] + $0.model.aliases }
    let near = Spelling.nearest(lower, in: names, most: 5)
    throw KinoraError(
      .modelUnknown, "\(entries[0].settings.name) has no model \(name.quoted)", field: field,
      allowed: near.isEmpty ? Array(names.prefix(8)) : near)
  }

  private static let field = "settings.video.model"

  private static func named(
    _ name: String, _ index: ModelIndex
  ) throws(KinoraError) -> ModelIndex.Entry {
    let entry: ModelIndex.Entry
    do throws(KinoraError) {
      entry = try index.resolve(name)
    } catch {
      var told = error
      told.field = field
      throw told
    }
    guard entry.model.medium == "video" else {
      var told = index.noVideo(entry)
      told.field = field
      throw told
    }
    return entry
  }
}
