import KinoraCore
import KinoraModel

/// A model as clients see it.
enum ModelRenderer {
  /// The OpenAI shape with an object `kinora`. `problem` is why no job is accepted for it now.
  static func json(
    _ entry: ModelIndex.Entry, problem: String?, cooldown: Cooldowns.Entry?
  ) -> JSON {
    [
      "id": .string(entry.id), "object": "model", "created": 0,
      "owned_by": .string(entry.settings.name),
      "output_modalities": [.string(entry.model.medium)],
      "kinora": kinora(entry, problem: problem).setting("cooldown", json(cooldown)),
    ]
  }

  /// Why routes leave a model alone, and until when; null when they do not.
  static func json(_ cooldown: Cooldowns.Entry?) -> JSON {
    cooldown.map { ["until": .string(UTC.timestamp($0.until)), "why": .string($0.why)] } ?? .null
  }

  /// A route, which is asked for like a model.
  static func json(route name: String, models: [String]) -> JSON {
    [
      "id": .string(name), "object": "model", "created": 0, "owned_by": "kinora",
      "kinora": ["route": strings(models)],
    ]
  }

  /// Whether a shutdown by the model's first provider concerns it here: its dialect lives on at
  /// other hosts.
  static func isShutdownOurs(_ entry: ModelIndex.Entry) -> Bool {
    let hosts = entry.model.retiredHosts
    return hosts.isEmpty || hosts.contains { entry.settings.baseURL.hasPrefix("https://\($0)") }
  }

  private static func kinora(_ entry: ModelIndex.Entry, problem: String?) -> JSON {
    let model = entry.model
    let isOurs = isShutdownOurs(entry)
    var inputs: [JSONMember] = []
    for role in MediaInput.Role.allCases {
      guard let most = model.inputs[role] else { continue }
      inputs.append(JSONMember(role.rawValue, .integer(Int64(most))))
    }
    return [
      "name": .string(model.name), "description": JSON(model.summary),
      "aliases": strings(model.aliases),
      "kinds": strings(model.kinds.map(\.rawValue)), "seconds": seconds(model.durations),
      "default_seconds": JSON(model.defaultDuration),
      "aspect_ratios": strings(model.aspectRatios), "resolutions": strings(model.resolutions),
      "sizes": strings(model.sizes), "fps": .array(model.fps.map { .integer(Int64($0)) }),
      "audio": .string(model.audio.rawValue), "seed": .bool(model.takesSeed),
      "negative_prompt": .bool(model.takesNegativePrompt),
      "max_count": .integer(Int64(model.maxCount)), "inputs": .object(inputs),
      "prices": .array(model.prices.map(price)), "retires_at": JSON(isOurs ? model.retiresAt : nil),
      "retired_at": JSON(isOurs ? model.retiredAt : nil), "successor": JSON(model.successor),
      "recommended": .bool(entry.isRecommended),
      "ready": .bool(problem == nil), "reason": JSON(problem),
    ]
  }

  /// A list of lengths, a range, or null where there is no choice.
  private static func seconds(_ durations: CatalogModel.Durations) -> JSON {
    switch durations {
    case .none: .null
    case .list(let list): .array(list.map { JSON($0) })
    case .range(let min, let max, let step):
      ["min": JSON(min), "max": JSON(max), "step": JSON(step)]
    }
  }

  private static func price(_ price: CatalogPrice) -> JSON {
    [
      "per": .string(price.per.rawValue), "microusd": .integer(price.amount.rawValue),
      "usd": .string(String(price.amount.dollars.dropFirst())),
      "resolution": JSON(price.resolution), "audio": JSON(price.audio),
      "size": JSON(price.size), "kind": JSON(price.kind?.rawValue),
      "source": .string(price.source), "date": .string(price.date),
      "as_of": .string(price.date),
    ]
  }

  private static func strings(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }
}
