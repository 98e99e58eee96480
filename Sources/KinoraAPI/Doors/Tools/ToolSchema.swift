import KinoraCore
import KinoraModel

/// The schemas of the tools' arguments (JSON Schema 2020-12). `generate_video` offers what the
/// configured models take, so that a language model chooses among what there is.
enum ToolSchema {
  static let statuses = ["queued", "in_progress", "completed", "failed"]

  static let nothing: JSON = ["type": "object", "properties": [:]]
  static let get: JSON = object(["id": id, "wait_seconds": wait], required: ["id"])
  static let cancel: JSON = object(["id": id], required: ["id"])
  static let list: JSON = object(
    [
      "limit": ["type": "integer", "minimum": 1, "maximum": 100, "default": 10],
      "status": ["type": "string", "enum": strings(statuses)],
    ], required: [])

  static func generate(_ api: APIService, _ viewer: Viewer) -> JSON {
    let policy = api.service.policy
    let all = api.service.models(viewer).filter { $0.model.medium == "video" }
    let ready = all.filter { api.problem($0, policy) == nil }
    let entries = ready.isEmpty ? all : ready
    let models = entries.map(\.model)
    let usual = DoorDefaults.table["tools"]
    var properties: [JSONMember] = [
      JSONMember("prompt", text("What the video shows.")),
      JSONMember("model", model(entries, Array(policy.routes.keys).sorted(), policy)),
      JSONMember("models", several(entries.map(\.id))),
      JSONMember(
        "image",
        text("The first frame: an https address or a data URL of a PNG, JPEG or WebP image.")),
      JSONMember(
        "media_id", text("Instead of image: the id of an image that was made here earlier.")),
      JSONMember(
        "aspect_ratio",
        choice("Its shape.", models.flatMap(\.aspectRatios), usual?.aspectRatio)),
      JSONMember("duration", duration(models, usual?.seconds)),
      JSONMember(
        "resolution",
        choice("Its resolution.", models.flatMap(\.resolutions), usual?.resolution)),
      JSONMember(
        "generate_audio",
        flag("Whether it has sound, where the model gives a choice.")),
      JSONMember("fps", frames(models)),
      JSONMember(
        "loop",
        flag("Whether it ends with the frame that it begins with.")),
      JSONMember("last_frame", text("The last frame, given as image is.")),
      JSONMember("extend_video", text("The id of an own, completed video to go on with.")),
      JSONMember("negative_prompt", text("What the video shall not show.")),
      JSONMember("seed", ["type": "integer", "description": "For a repeatable result."]),
      JSONMember(
        "snap",
        flag("Move what the model cannot do to the nearest it can, instead of an error.")),
      JSONMember(
        "max_cost_usd", ["type": "number", "description": "Refuse rather than pay more."]),
      JSONMember("dry_run", flag("Only tell what it would become and cost.")),
      JSONMember("wait_seconds", wait),
    ]
    let styles = api.service.styles(client: viewer.client, tenant: nil).map(\.name)
    if !styles.isEmpty {
      properties.append(
        JSONMember("style_preset", choice("A look that was described before.", styles, nil)))
    }
    properties.append(
      JSONMember(
        "idempotency_key",
        text("The same key with the same arguments is the same video, paid for once.")))
    return [
      "type": "object", "properties": .object(properties), "required": ["prompt"],
    ]
  }

  private static func model(
    _ entries: [ModelIndex.Entry], _ routes: [String], _ policy: JobService.Policy
  ) -> JSON {
    let json = choice("The model; list_models tells more.", entries.map(\.id) + routes, nil)
    guard let name = policy.index.defaultModel,
      let entry = try? policy.index.resolve(name), entries.contains(where: { $0.id == entry.id })
    else { return json }
    return json.setting("default", .string(entry.id))
  }

  private static func several(_ names: [String]) -> JSON {
    let item: JSON =
      names.isEmpty ? ["type": "string"] : ["type": "string", "enum": strings(names)]
    return [
      "type": "array", "minItems": 1, "maxItems": 8, "uniqueItems": true, "items": item,
      "description": "Instead of model: several, the next one where the one before cannot make it.",
    ]
  }

  private static func duration(_ models: [CatalogModel], _ usual: Double?) -> JSON {
    var least = Double.infinity
    var most = 0.0
    for model in models {
      switch model.durations {
      case .none: break
      case .list(let list):
        least = min(least, list.min() ?? least)
        most = max(most, list.max() ?? most)
      case .range(let low, let high, _):
        least = min(least, low)
        most = max(most, high)
      }
    }
    var json: JSON = ["type": "number", "description": "Its length in seconds."]
    if most > 0 {
      json = json.setting("minimum", JSON(least)).setting("maximum", JSON(most))
    }
    return usual.map { json.setting("default", JSON($0)) } ?? json
  }

  private static func frames(_ models: [CatalogModel]) -> JSON {
    let rates = Set(models.flatMap(\.fps)).sorted().map { JSON.integer(Int64($0)) }
    let json: JSON = [
      "type": "integer", "description": "Frames a second, where the model has a choice.",
    ]
    return rates.isEmpty ? json : json.setting("enum", .array(rates))
  }

  /// Each value once, in the order of the models.
  private static func choice(_ about: String, _ values: [String], _ usual: String?) -> JSON {
    var seen: Set<String> = []
    let once = values.filter { seen.insert($0).inserted }
    let json = once.isEmpty ? text(about) : text(about).setting("enum", strings(once))
    guard let usual, once.contains(usual) else { return json }
    return json.setting("default", .string(usual))
  }

  private static let id = text("The video's id, video_….")
  private static let wait: JSON = [
    "type": "integer", "minimum": 0, "maximum": 570,
    "default": .integer(Int64(Tool.usualWait)),
    "description": "How long to wait for the end before answering how it stands.",
  ]

  private static func flag(_ about: String) -> JSON {
    ["type": "boolean", "description": .string(about)]
  }

  private static func text(_ about: String) -> JSON {
    ["type": "string", "description": .string(about)]
  }

  private static func strings(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }

  private static func object(_ properties: JSON, required: [String]) -> JSON {
    ["type": "object", "properties": properties, "required": strings(required)]
  }
}
