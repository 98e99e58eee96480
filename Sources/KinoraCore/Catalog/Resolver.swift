public import KinoraModel

/// A request after defaults, checks and snapping against one model.
public struct ResolvedRequest: Sendable {
  /// Every field the model needs is set, none that it cannot honour.
  public var request: GenerationRequest
  /// What kind of making it is.
  public var kind: GenerationKind
  /// Field to asked value, where snapping changed it.
  public var asked: [String: String]
}

/// Checks a request against a model before any money is spent. Strict: a field that the model cannot
/// honour is refused with what it takes, unless snapping was asked for.
public struct Resolver {
  private var model: CatalogModel
  private let door: DoorDefaults
  private var request: GenerationRequest
  private var asked: [String: String] = [:]
  private var making = GenerationKind.textToVideo

  private init(model: CatalogModel, request: GenerationRequest, door: DoorDefaults) {
    self.model = model
    self.request = request
    self.door = door
    if door.alwaysSnaps { self.request.snap = true }
  }

  /// The request as this model will make it. Throws `badField`, `promptMissing`, `badMedia`,
  /// `tooLarge` or `modelRetired`.
  public static func resolve(
    _ request: GenerationRequest, for model: CatalogModel, at baseURL: String, door: DoorDefaults,
    now: Milliseconds
  ) throws(KinoraError) -> ResolvedRequest {
    var resolver = Resolver(model: model, request: request, door: door)
    try checkRetired(model, at: baseURL, now: now)
    let kind = try resolver.kind()
    resolver.making = kind
    try resolver.prompt()
    if !Continuation.keepsForm(kind) {
      resolver.model = model.narrowed(kind: kind)
      try resolver.shape()
      resolver.model = model.narrowed(kind: kind, resolution: resolver.request.resolution)
      try resolver.seconds()
    }
    try resolver.details()
    return ResolvedRequest(request: resolver.request, kind: kind, asked: resolver.asked)
  }

  /// Throws `modelRetired` for a model that is shut down at this address.
  static func checkRetired(
    _ model: CatalogModel, at baseURL: String, now: Milliseconds
  ) throws(KinoraError) {
    guard let day = model.retiredAt, let at = UTC.parse(day), at <= now else { return }
    let hosts = model.retiredHosts
    guard hosts.isEmpty || hosts.contains(where: { baseURL.hasPrefix("https://\($0)") }) else {
      return
    }
    let next = model.successor.map { "; use \($0)" } ?? ""
    throw KinoraError(
      .modelRetired, "\(model.id) was shut down by its provider on \(day)\(next)", field: "model",
      allowed: model.successor.map { [$0] } ?? [])
  }

  private func kind() throws(KinoraError) -> GenerationKind {
    func count(_ role: MediaInput.Role) -> Int { request.inputs.count { $0.role == role } }
    for role in MediaInput.Role.allCases where count(role) > (model.inputs[role] ?? 0) {
      let most = model.inputs[role] ?? 0
      throw KinoraError(
        .badField,
        most == 0
          ? "\(model.id) takes no \(role.rawValue) input"
          : "\(model.id) takes at most \(most) \(role.rawValue) inputs", field: role.rawValue,
        allowed: most == 0 ? [] : ["up to \(most)"])
    }
    for input in request.inputs where !input.mime.isEmpty && input.uri == nil {
      guard input.role == .video || input.role == .audio || model.inputTypes.contains(input.mime)
      else {
        throw KinoraError(
          .badMedia, "\(model.id) does not take \(input.mime)", field: input.role.rawValue,
          allowed: model.inputTypes)
      }
      guard input.bytes <= model.maxInputBytes else {
        throw KinoraError(
          .tooLarge,
          "\(model.id) takes inputs up to \(model.maxInputBytes) bytes, this has "
            + "\(input.bytes)", field: input.role.rawValue)
      }
    }
    let kind: GenerationKind
    if model.medium == "image" {
      kind = .image
    } else if request.sourceJob != nil || request.sourceHandle != nil {
      kind = try Continuation.kind(request, model)
    } else if count(.lastFrame) > 0 {
      guard count(.firstFrame) > 0 else {
        throw KinoraError(
          .badField, "last_frame needs first_frame", field: "last_frame",
          allowed: ["with first_frame or input_reference beside it"])
      }
      kind = .firstLastFrame
    } else if count(.firstFrame) > 0 {
      kind = .imageToVideo
    } else if count(.reference) > 0 || count(.video) > 0 {
      kind = .references
    } else {
      kind = .textToVideo
    }
    guard model.kinds.contains(kind) else {
      throw KinoraError(
        .badField, "\(model.id) cannot do \(kind.rawValue)", field: "model",
        allowed: model.kinds.map(\.rawValue))
    }
    return kind
  }

  private mutating func prompt() throws(KinoraError) {
    try PromptText.check(request.prompt, "prompt")
    try PromptText.check(request.negativePrompt ?? "", "negative_prompt")
    if request.prompt.allSatisfy(\.isWhitespace), request.inputs.isEmpty {
      throw KinoraError(
        .promptMissing, "prompt is missing", field: "prompt",
        allowed: ["text of up to \(min(model.maxPromptBytes, Limits.promptBytes)) bytes"])
    }
    let most = min(model.maxPromptBytes, Limits.promptBytes)
    guard request.prompt.utf8.count <= most else {
      throw KinoraError(
        .tooLarge, "prompt has \(request.prompt.utf8.count) bytes, \(model.id) takes \(most)",
        field: "prompt", allowed: ["up to \(most) bytes"])
    }
    guard request.negativePrompt == nil || model.takesNegativePrompt else {
      throw KinoraError(
        .badField, "\(model.id) takes no negative_prompt", field: "negative_prompt")
    }
    // Who names a style cannot know what its author wrote: that part is left out, and told.
    if request.style?.negative != nil, !model.takesNegativePrompt {
      request.style?.negative = nil
      asked["style_preset"] = request.stylePreset
    }
  }

  private mutating func seconds() throws(KinoraError) {
    switch model.durations {
    case .none:
      guard let want = request.seconds else { return }
      guard request.snap else {
        throw KinoraError(
          model.medium == "image" ? .providerNoVideo : .badField,
          "\(model.id) takes no seconds\(model.medium == "image" ? ": it makes images" : "")",
          field: "seconds")
      }
      asked["seconds"] = want.plain
      request.seconds = nil
    case .list(let list):
      try seconds(among: list, words: list.map(\.plain))
    case .range(let low, let high, let step):
      guard let want = request.seconds else {
        let wish = door.seconds.flatMap { (low...high).contains($0) ? $0 : nil }
        request.seconds =
          wish ?? model.defaultDuration ?? min(max(door.seconds ?? low, low), high)
        return
      }
      let steps = ((want - low) / step).rounded()
      let near = min(max(low + steps * step, low), high)
      if abs(near - want) < 0.000_5 {
        request.seconds = near
        return
      }
      guard request.snap else {
        throw KinoraError(
          .badField, "seconds must be \(low.plain) to \(high.plain) in steps of \(step.plain)",
          field: "seconds", allowed: ["\(low.plain) to \(high.plain)"])
      }
      asked["seconds"] = want.plain
      request.seconds = near
    }
  }

  private mutating func seconds(among list: [Double], words: [String]) throws(KinoraError) {
    guard let want = request.seconds else {
      let wish = door.seconds.flatMap { list.contains($0) ? $0 : nil }
      request.seconds = wish ?? model.defaultDuration ?? list.first
      return
    }
    if list.contains(where: { abs($0 - want) < 0.000_5 }) { return }
    guard request.snap, let near = list.min(by: { abs($0 - want) < abs($1 - want) }) else {
      throw KinoraError(
        .badField, "seconds must be one of \(words.joined(separator: ", "))", field: "seconds",
        allowed: words)
    }
    asked["seconds"] = want.plain
    request.seconds = near
  }

  private mutating func shape() throws(KinoraError) {
    if let size = request.size { try split(size) }
    request.aspectRatio = try choose(
      request.aspectRatio, model.aspectRatios, "aspect_ratio", wish: door.aspectRatio)
    request.resolution = try choose(
      request.resolution, model.resolutions, "resolution", wish: door.resolution)
    guard !model.sizes.isEmpty else { return }
    if request.size == nil {
      let wanted = request.aspectRatio
      request.size =
        model.sizes.first { size in
          guard let wanted, let shape = PixelSize(size) else { return true }
          return shape.aspectRatio == wanted
        } ?? model.sizes.first
    }
    request.size = try choose(request.size, model.sizes, "size", wish: model.sizes.first)
    if let size = request.size.flatMap({ PixelSize($0) }), !model.aspectRatios.isEmpty {
      request.aspectRatio = size.aspectRatio
    }
  }

  /// A size for a model without sizes becomes an aspect ratio and a resolution.
  private mutating func split(_ size: String) throws(KinoraError) {
    guard let pixels = PixelSize(size) else {
      throw KinoraError(
        .badField, "size must be WIDTHxHEIGHT", field: "size",
        allowed: model.sizes.isEmpty ? ["1280x720"] : model.sizes)
    }
    guard model.sizes.isEmpty else { return }
    guard !model.aspectRatios.isEmpty || !model.resolutions.isEmpty else {
      throw KinoraError(.badField, "\(model.id) takes no size", field: "size")
    }
    if request.aspectRatio == nil {
      if model.aspectRatios.isEmpty {
        asked["aspect_ratio"] = pixels.aspectRatio
      } else {
        request.aspectRatio = pixels.aspectRatio
      }
    }
    if request.resolution == nil, !model.resolutions.isEmpty {
      request.resolution = pixels.resolution
    }
    request.size = nil
  }

  private mutating func choose(
    _ want: String?, _ offered: [String], _ field: String, wish: String?
  ) throws(KinoraError) -> String? {
    guard let want else {
      guard !offered.isEmpty else { return nil }
      return wish.flatMap { offered.contains($0) ? $0 : nil } ?? offered.first
    }
    if let exact = offered.first(where: { $0.lowercased() == want.lowercased() }) { return exact }
    guard request.snap else {
      throw KinoraError(
        .badField,
        offered.isEmpty
          ? "\(model.id) takes no \(field) for \(making.rawValue)"
          : "\(field) must be one of \(offered.joined(separator: ", "))", field: field,
        allowed: offered)
    }
    asked[field] = want
    return PixelSize.nearest(want, in: offered)
  }

  private mutating func details() throws(KinoraError) {
    // A hint, unlike every other field: a rate that the model does not offer refuses nothing.
    if let fps = request.fps, !model.fps.contains(fps) {
      asked["fps"] = String(fps)
      request.fps = request.snap ? model.fps.min { abs($0 - fps) < abs($1 - fps) } : nil
    }
    if let audio = request.audio, model.audio != .optional, audio != (model.audio == .always) {
      guard request.snap else {
        throw KinoraError(
          .badField, "\(model.id) \(model.audio == .always ? "always" : "never") makes sound",
          field: "audio", allowed: [model.audio == .always ? "true" : "false"])
      }
      asked["audio"] = String(audio)
      request.audio = model.audio == .always
    }
    if request.seed != nil, !model.takesSeed {
      throw KinoraError(.badField, "\(model.id) takes no seed", field: "seed")
    }
    guard (1...max(1, model.maxCount)).contains(request.count) else {
      throw KinoraError(
        .badField, "n must be 1 to \(model.maxCount) for \(model.id)", field: "n",
        allowed: ["1 to \(model.maxCount)"])
    }
    if let known = model.options, let members = request.options?.members {
      for member in members where !known.contains(member.key) {
        throw KinoraError(
          .unknownField, "\(model.id) has no option \(member.key.quoted)",
          field: "options.\(member.key)", allowed: known)
      }
    }
  }
}

extension Double {
  /// Without a fraction where there is none: `8`, `2.5`.
  package var plain: String { Int64(exactly: self).map(String.init) ?? "\(self)" }
}
