import KinoraPlugin

/// The provider's own list: `GET /videos/models`, which needs no key.
///
/// ```
/// {"data":[{"id","name","supported_durations":[int]|null,"supported_resolutions"|"supported_aspect_ratios"
///   |"supported_frame_images":[str]|null,"generate_audio":bool|null,"seed":bool|null,"pricing_skus":{name:usd}|null}]}
/// ```
/// Source: OpenRouter's OpenAPI document, answers as recorded in October 2026. What the list does not
/// say (who takes references, which length is usual) comes from the catalog.
extension OpenRouter: ListsModels {
  static func models(in list: JSON) throws(Failure) -> [JSON] {
    guard case .array(let items) = list["data"], !items.isEmpty else {
      throw Failure(.protocol, "the list of models has no data")
    }
    return items.compactMap(model)
  }

  /// The catalog's own models by their ids.
  private static let known: [String: JSON] = {
    let models = JSON(reading: Array(openRouterCatalog.utf8))?["models"].array ?? []
    return Dictionary(models.map { ($0["id"].string ?? "", $0) }) { first, _ in first }
  }()

  /// A model that makes clips from text or a frame; nil for editors, upscalers and what has no length.
  private static func model(_ item: JSON) -> JSON? {
    let durations = item["supported_durations"].array.compactMap(\.int).filter { $0 > 0 }.sorted()
    guard let id = item["id"].string, !id.isEmpty, let shortest = durations.first else {
      return nil
    }
    let own = known[id] ?? .null
    let frames = item["supported_frame_images"].array.compactMap(\.string)
    var kinds: [JSON] = ["text-to-video"]
    var inputs: JSON = .object([])
    if frames.contains("first_frame") {
      kinds.append("image-to-video")
      inputs["first_frame"] = 1
      if frames.contains("last_frame") {
        kinds.append("first-last-frame")
        inputs["last_frame"] = 1
      }
    }
    if !own["inputs"]["reference"].isNull {
      kinds.append("references")
      inputs["reference"] = own["inputs"]["reference"]
    }
    let resolutions = item["supported_resolutions"].array.compactMap(\.string)
    var model: JSON = [
      "id": .string(id), "name": .string(item["name"].string ?? id), "kinds": .array(kinds),
      "durations": .array(durations.map { JSON($0) }),
      "aspect_ratios": texts(item["supported_aspect_ratios"]),
      "resolutions": .array(resolutions.map { .string($0) }), "inputs": inputs,
      "seed": .bool(item["seed"].bool == true),
    ]
    let usual = own["default_duration"].int ?? 5
    model["default_duration"] = JSON(durations.contains(usual) ? usual : shortest)
    model["audio"] =
      switch item["generate_audio"].bool {
      case true: "optional"
      case false: "never"
      default: own["audio"].isNull ? "never" : own["audio"]
      }
    let prices = PriceList(item["pricing_skus"], resolutions).rules
    if !prices.isEmpty { model["prices"] = .array(prices) }
    return model
  }

  private static func texts(_ list: JSON) -> JSON {
    .array(list.array.compactMap(\.string).map { .string($0) })
  }
}
