import KinoraCore
import KinoraModel

/// What a model can be asked for: as a form (JSON Schema 2020-12) and as a list of what is possible.
struct VideoForm {
  let entry: ModelIndex.Entry
  /// What is offered at most; nil for all that the model makes.
  var bounds: FormBounds?
  /// Names of styles that may be asked for.
  var styles: [String] = []
  private var model: CatalogModel { entry.model }

  /// The form. It offers nothing that the model would refuse; `order` is the order of the fields, and
  /// `x-field` of one the field of `POST /v1/videos` where that has another name.
  var json: JSON {
    var fields: [JSONMember] = [
      JSONMember(
        "prompt",
        [
          "type": "string", "title": "Prompt", "minLength": 1,
          "maxLength": .integer(Int64(min(model.maxPromptBytes, Limits.promptBytes))),
        ])
    ]
    if !model.aspectRatios.isEmpty {
      fields.append(choice("aspect_ratio", "Aspect ratio", model.aspectRatios))
    } else if !model.sizes.isEmpty {
      fields.append(shapes)
    }
    if let duration { fields.append(JSONMember("duration", duration)) }
    if !model.resolutions.isEmpty {
      fields.append(choice("resolution", "Resolution", model.resolutions))
    }
    if let fps { fields.append(JSONMember("fps", fps)) }
    if model.audio == .optional {
      fields.append(JSONMember("audio", ["type": "boolean", "title": "Sound"]))
    }
    if (model.inputs[.firstFrame] ?? 0) > 0 {
      fields.append(
        JSONMember(
          "image",
          [
            "type": "string", "title": "Reference image", "x-field": "input_reference",
            "contentMediaType": .array(model.inputTypes.map { .string($0) }),
            "x-max-bytes": .integer(model.maxInputBytes),
          ]))
    }
    if !styles.isEmpty {
      let style: JSON = ["type": "string", "title": "Style", "enum": strings(styles)]
      fields.append(JSONMember("style_preset", style))
    }
    let required = ["prompt"] + (duration == nil ? [] : ["duration"])
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Generate a video",
      "type": "object", "x-model": .string(entry.id), "additionalProperties": false,
      "required": .array(required.map { .string($0) }),
      "order": .array(fields.map { .string($0.key) }), "properties": .object(fields),
    ]
  }

  private func choice(_ name: String, _ title: String, _ values: [String]) -> JSONMember {
    JSONMember(
      name,
      [
        "type": "string", "title": .string(title), "enum": strings(values),
        "default": JSON(values.first),
      ])
  }

  /// Shapes of a model that is asked for by size: `x-values` has the size to send for each.
  private var shapes: JSONMember {
    var sizes: [JSONMember] = []
    for size in model.sizes {
      guard let shape = PixelSize(size)?.aspectRatio, !sizes.contains(where: { $0.key == shape })
      else { continue }
      sizes.append(JSONMember(shape, .string(size)))
    }
    return JSONMember(
      "aspect_ratio",
      [
        "type": "string", "title": "Aspect ratio", "enum": strings(sizes.map(\.key)),
        "default": JSON(sizes.first?.key), "x-field": "size", "x-values": .object(sizes),
      ])
  }

  /// Rates up to the bound; a long row of neighbours is told by its ends.
  private var fps: JSON? {
    let rates = model.fps.filter { $0 <= bounds?.maxFPS ?? .max }
    guard let low = rates.min(), let high = rates.max() else { return nil }
    var members: [JSONMember] = [
      JSONMember("type", "integer"), JSONMember("title", "Frames a second"),
    ]
    if rates.count > 8, high - low == rates.count - 1 {
      members.append(JSONMember("minimum", .integer(Int64(low))))
      members.append(JSONMember("maximum", .integer(Int64(high))))
    } else {
      members.append(JSONMember("enum", .array(rates.map { .integer(Int64($0)) })))
    }
    return .object(members)
  }

  private var duration: JSON? {
    let most = bounds?.maxSeconds ?? .infinity
    let usual = bounds?.defaultSeconds
    switch model.durations {
    case .none: return nil
    case .list(let all):
      // A model whose shortest clip is above the bound offers that one: none would be no form.
      let some = all.filter { $0 <= most }
      let list = some.isEmpty ? all.min().map { [$0] } ?? [] : some
      let first =
        usual.flatMap { list.contains($0) ? $0 : nil }
        ?? model.defaultDuration.flatMap { list.contains($0) ? $0 : nil } ?? list.first
      return [
        "type": "number", "title": "Duration in seconds",
        "enum": .array(list.map { Self.number($0) }), "default": first.map(Self.number) ?? .null,
      ]
    case .range(let low, let end, let step):
      // JSON Schema counts multiples from 0, a catalog from the shortest.
      let high = low + ((max(low, min(end, most)) - low) / step).rounded(.down) * step
      let first = [usual, model.defaultDuration].compactMap { $0 }.first {
        (low...high).contains($0)
      }
      return [
        "type": step == step.rounded() && low == low.rounded() ? "integer" : "number",
        "title": "Duration in seconds", "minimum": Self.number(low), "maximum": Self.number(high),
        "multipleOf": Self.number(step), "default": Self.number(first ?? low),
      ]
    }
  }

  private static func number(_ value: Double) -> JSON {
    Int64(exactly: value).map { .integer($0) } ?? .number(value)
  }

  private func strings(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }

  // MARK: What is possible

  /// `reason` is why nothing is; each kind has a reason of its own.
  func capabilities(reason: String?, code: String?, quota: JSON) -> JSON {
    let kinds: [GenerationKind] = [
      .textToVideo, .imageToVideo, .firstLastFrame, .references, .extend,
    ]
    let possible = kinds.map { kind -> JSONMember in
      let why = reason ?? (model.kinds.contains(kind) ? nil : "\(entry.id) cannot do it")
      return JSONMember(
        kind.rawValue.replacing("-", with: "_"),
        ["possible": .bool(why == nil), "reason": JSON(why)])
    }
    let form = json
    let silent = reason ?? (model.audio == .never ? "\(entry.id) makes no sound" : nil)
    return [
      "enabled": .bool(reason == nil), "reason": JSON(reason), "code": JSON(code),
      "model": .string(entry.id), "provider": .string(entry.settings.name),
      "kinds": .object(possible), "durations": form["properties"]?["duration"] ?? .null,
      "aspect_ratios": strings(model.aspectRatios), "resolutions": strings(model.resolutions),
      "sizes": strings(model.sizes), "fps": .array(model.fps.map { .integer(Int64($0)) }),
      "audio": [
        "possible": .bool(silent == nil), "choice": .string(model.audio.rawValue),
        "reason": JSON(silent),
      ],
      "quota": quota,
    ]
  }
}
