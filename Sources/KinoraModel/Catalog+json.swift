extension Catalog {
  /// Reads the catalog a plugin carries. Unknown members are refused, so that a misspelt limit cannot
  /// silently be no limit. Throws `configuration` with the member's path as field.
  ///
  /// ```json
  /// {"hosts":["api.example.com"],"base_url":"https://api.example.com/v1","transport":"urlsession",
  ///  "credentials":[{"name":"api_key","required":true,"help":"https://example.com/keys"}],
  ///  "poll_ms":10000,"submit":{"definite_statuses":[400,401,402,403,404,422,429]},
  ///  "models":[{"id":"clip-1","name":"Clip 1","kinds":["text-to-video"],"durations":[4,8],
  ///    "prices":[{"per":"second","usd":"0.10","source":"https://…","date":"2026-10-01"}]}]}
  /// ```
  public static func parse(_ bytes: [UInt8]) throws(KinoraError) -> Catalog {
    let json: JSON
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw KinoraError(
        .configuration, "the catalog is not JSON: \(error.reason), \(error.place(in: bytes))")
    }
    return try read(json)
  }

  /// The same with the models of a provider's own list: one with the id of a catalog's own takes its
  /// place, others come after; a price without a date was read on `day`. Throws `configuration` too when one of them is no model.
  public static func parse(_ bytes: [UInt8], listing models: [JSON], on day: String)
    throws(KinoraError) -> Catalog
  {
    _ = try parse(bytes)
    guard let json = try? JSON.parse(bytes) else { return try parse(bytes) }
    var all = json["models"]?.array ?? []
    for model in models.map({ dated($0, day) }) {
      if let at = all.firstIndex(where: { $0["id"] == model["id"] }) {
        all[at] = model
      } else {
        all.append(model)
      }
    }
    return try read(json.setting("models", .array(all)))
  }

  private static func dated(_ model: JSON, _ day: String) -> JSON {
    guard let prices = model["prices"]?.array else { return model }
    return model.setting(
      "prices",
      .array(
        prices.map {
          $0.members == nil || $0["date"] != nil ? $0 : $0.setting("date", .string(day))
        }))
  }

  private static func read(_ json: JSON) throws(KinoraError) -> Catalog {
    let top = CatalogReader(json, "catalog")
    try top.only([
      "hosts", "base_url", "transport", "credentials", "kinora.sign/1", "poll_ms", "submit",
      "models", "probe", "settings", "aliases", "model_list",
    ])
    let shared = try terms(top.child("submit"), from: SubmitTerms())
    let models = try self.models(top, shared)
    let credentials = try configured(top.children("credentials"), isUsuallyRequired: true)
    var catalog = Catalog(
      hosts: try top.strings("hosts"), baseURL: try top.required("base_url"),
      transport: try top.word("transport", TransportKind.self) ?? .urlsession,
      credentials: credentials, sign: json["kinora.sign/1"],
      pollMilliseconds: try top.int("poll_ms") ?? 10_000, models: models)
    catalog.probe = try top.string("probe")
    if let list = try top.child("model_list") { catalog.modelList = try CatalogModelList(list) }
    catalog.aliases = try top.strings("aliases")
    catalog.settings = try configured(top.children("settings"), isUsuallyRequired: false)
    return catalog
  }

  private static func configured(
    _ items: [CatalogReader], isUsuallyRequired: Bool
  ) throws(KinoraError) -> [CatalogCredential] {
    var list: [CatalogCredential] = []
    for item in items {
      // Settings come from the configuration alone; what stands for a secret has a name elsewhere too.
      try item.only(["name", "required", "help"] + (isUsuallyRequired ? ["env"] : []))
      var one = CatalogCredential(
        name: try item.required("name"),
        isRequired: try item.bool("required") ?? isUsuallyRequired,
        help: try item.string("help") ?? "")
      one.environment = isUsuallyRequired ? try item.strings("env") : []
      list.append(one)
    }
    return list
  }

  /// Models that a configuration writes down for a provider whose models only its owner knows, in the
  /// catalog's own form. Throws `configuration` with the member's path as field.
  public static func models(_ list: JSON, terms: SubmitTerms) throws(KinoraError) -> [CatalogModel]
  {
    try models(CatalogReader(["models": list], ""), terms)
  }

  private static func models(_ top: CatalogReader, _ shared: SubmitTerms) throws(KinoraError)
    -> [CatalogModel]
  {
    var models: [CatalogModel] = []
    for item in try top.children("models") { models.append(try model(item, shared)) }
    guard !models.isEmpty else { throw top.error("models", "at least one model is needed") }
    return models
  }

  private static func terms(_ json: CatalogReader?, from base: SubmitTerms) throws(KinoraError)
    -> SubmitTerms
  {
    var terms = base
    guard let json else { return terms }
    try json.only([
      "dedupe", "key_ttl_s", "reconcile", "definite_statuses", "bills_on", "asset_ttl_s", "cancel",
      "paid_sends", "deadline_s", "timeout_s",
    ])
    terms.dedupe = try json.word("dedupe", SubmitTerms.Dedupe.self) ?? terms.dedupe
    terms.keyLifeSeconds = try json.int("key_ttl_s") ?? terms.keyLifeSeconds
    terms.reconcile = try json.word("reconcile", SubmitTerms.Reconcile.self) ?? terms.reconcile
    terms.definiteStatuses = try json.ints("definite_statuses") ?? terms.definiteStatuses
    terms.bills = try json.word("bills_on", SubmitTerms.Bills.self) ?? terms.bills
    terms.assetLifeSeconds = try json.int("asset_ttl_s") ?? terms.assetLifeSeconds
    terms.cancel = try json.word("cancel", SubmitTerms.Cancel.self) ?? terms.cancel
    terms.paidSends = try json.int("paid_sends") ?? terms.paidSends
    terms.deadlineSeconds = try json.int("deadline_s") ?? terms.deadlineSeconds
    terms.submitTimeoutSeconds = try json.int("timeout_s") ?? terms.submitTimeoutSeconds
    return terms
  }

  private static func model(_ json: CatalogReader, _ shared: SubmitTerms) throws(KinoraError)
    -> CatalogModel
  {
    try json.only([
      "id", "name", "description", "aliases", "kinds", "durations", "default_duration",
      "aspect_ratios",
      "resolutions", "sizes", "fps", "audio", "seed", "negative_prompt", "max_count",
      "max_prompt_bytes", "inputs", "input_types", "max_input_bytes", "options", "prices", "submit",
      "retires_at", "retired_at", "retired_hosts", "successor", "only", "recommended",
    ])
    let id: String = try json.required("id")
    let kinds = try kinds(json)
    guard !kinds.isEmpty else { throw json.error("kinds", "at least one kind is needed") }
    var model = CatalogModel(id: id, name: try json.string("name") ?? id, kinds: kinds)
    model.summary = try json.string("description")
    model.aliases = try json.strings("aliases")
    model.durations = try json.durations()
    model.defaultDuration = try json.double("default_duration")
    model.aspectRatios = try json.strings("aspect_ratios")
    model.resolutions = try json.strings("resolutions")
    model.sizes = try json.strings("sizes")
    model.fps = try json.ints("fps") ?? []
    model.audio = try json.word("audio", CatalogModel.Audio.self) ?? .never
    model.isRecommended = try json.bool("recommended") ?? false
    model.takesSeed = try json.bool("seed") ?? false
    model.takesNegativePrompt = try json.bool("negative_prompt") ?? false
    model.maxCount = try json.int("max_count") ?? 1
    model.maxPromptBytes = try json.int("max_prompt_bytes") ?? Limits.promptBytes
    if let inputs = try json.child("inputs") {
      try inputs.only(MediaInput.Role.allCases.map(\.rawValue))
      for role in MediaInput.Role.allCases { model.inputs[role] = try inputs.int(role.rawValue) }
    }
    if json.has("input_types") { model.inputTypes = try json.strings("input_types") }
    model.maxInputBytes = try json.int("max_input_bytes").map(Int64.init) ?? Limits.inputBytes
    if json.has("options") { model.options = try json.strings("options") }
    for item in try json.children("only") { model.rules.append(try rule(item)) }
    for item in try json.children("prices") { model.prices.append(try price(item)) }
    model.terms = try terms(json.child("submit"), from: shared)
    model.retiresAt = try json.string("retires_at")
    model.retiredAt = try json.string("retired_at")
    model.retiredHosts = try json.strings("retired_hosts")
    model.successor = try json.string("successor")
    return model
  }

  private static func kinds(_ json: CatalogReader) throws(KinoraError) -> [GenerationKind] {
    var kinds: [GenerationKind] = []
    for word in try json.strings("kinds") {
      guard let kind = GenerationKind(rawValue: word) else {
        throw json.error("kinds", "unknown kind \(word)", GenerationKind.allCases.map(\.rawValue))
      }
      kinds.append(kind)
    }
    return kinds
  }

  private static func rule(_ json: CatalogReader) throws(KinoraError) -> CatalogRule {
    try json.only(["if", "durations", "resolutions", "aspect_ratios"])
    var rule = CatalogRule()
    if let condition = try json.child("if") {
      try condition.only(["kinds", "resolutions"])
      rule.kinds = try kinds(condition)
      rule.resolutions = try condition.strings("resolutions")
    }
    if case .list(let list) = try json.durations() { rule.durations = list }
    if json.has("resolutions") { rule.onlyResolutions = try json.strings("resolutions") }
    if json.has("aspect_ratios") { rule.onlyAspectRatios = try json.strings("aspect_ratios") }
    return rule
  }

  private static func price(_ json: CatalogReader) throws(KinoraError) -> CatalogPrice {
    try json.only(["per", "usd", "resolution", "audio", "size", "kind", "source", "date"])
    guard let text = json.json["usd"]?.string, let amount = MicroUSD(decimal: text) else {
      throw json.error("usd", "dollars as a decimal in quotes are needed", ["\"0.40\""])
    }
    guard let unit = try json.word("per", CatalogPrice.Unit.self) else {
      throw json.error("per", "is missing", ["second", "clip", "input_image"])
    }
    var price = CatalogPrice(
      per: unit, amount: amount, source: try json.required("source"),
      date: try json.required("date"))
    price.resolution = try json.string("resolution")
    price.audio = try json.bool("audio")
    price.size = try json.string("size")
    price.kind = try json.word("kind", GenerationKind.self)
    return price
  }
}
