import KinoraModel

/// One job as a provider has it.
struct Job: Sendable {
  /// The provider's id, unique over all providers.
  let id: String
  /// The prefix it was made under: `openrouter`, `google`, `vertex`, `sample`, `still`.
  let provider: String
  /// The provider's own kind: `video`, `operation`, `interaction`, `image`.
  let kind: String
  /// The model's id without fault markers.
  let model: String
  let prompt: String
  /// When the provider took it.
  let created: Milliseconds
  /// What it will be a picture of.
  var shape: Shape
  /// What the provider bills.
  let cost: MicroUSD
  /// A word of the client's by which it finds the job again.
  var tag: String?
  /// The Idempotency-Key under which it was made, where the model honours it.
  var key: String?
  /// Whatever else the provider needs to answer for it.
  var details: JSON = [:]
  /// Pretend render time before the time scale.
  var render: Milliseconds = Job.usualRender
  /// Extra bytes of the asset.
  var padding: Int64 = 0

  /// What shall go wrong with it, for good.
  var outcomes: [Fault] = []
  var cancelled: Milliseconds?
  var downloads = 0
  /// The client had it deleted.
  var deleted = false
  /// How often its Idempotency-Key came again.
  var repeats = 0

  /// Eight seconds, as fast as real ones get.
  static let usualRender: Milliseconds = 8000
}

extension Job {
  /// The line that makes it again at the next start.
  var json: JSON {
    [
      "id": .string(id), "provider": .string(provider), "kind": .string(kind),
      "model": .string(model), "prompt": .string(prompt), "created": JSON(created),
      "shape": shape.json, "cost": JSON(cost.rawValue), "tag": JSON(tag), "key": JSON(key),
      "details": details, "render": JSON(render), "padding": JSON(padding),
      "outcomes": .array(outcomes.map { .string($0.rawValue) }),
    ]
  }

  init?(_ json: JSON) {
    guard let id = json["id"]?.string, let provider = json["provider"]?.string,
      let kind = json["kind"]?.string, let model = json["model"]?.string,
      let created = json["created"]?.integer, let shape = Shape(json["shape"])
    else { return nil }
    self.init(
      id: id, provider: provider, kind: kind, model: model, prompt: json["prompt"]?.string ?? "",
      created: created, shape: shape, cost: MicroUSD(json["cost"]?.integer ?? 0))
    tag = json["tag"]?.string
    key = json["key"]?.string
    details = json["details"] ?? [:]
    render = json["render"]?.integer ?? Job.usualRender
    padding = json["padding"]?.integer ?? 0
    outcomes = (json["outcomes"]?.array ?? []).compactMap { $0.string.flatMap(Fault.init) }
  }
}
