/// What a model can do only under a condition: 1080p at 8 seconds alone, an extension at 720p alone.
public struct CatalogRule: Sendable, Equatable {
  /// Holds for these kinds; empty: for all.
  public var kinds: [GenerationKind] = []
  /// Holds at these resolutions; empty: at all.
  public var resolutions: [String] = []
  /// The lengths there are then, in seconds; nil: those of the model.
  public var durations: [Double]?
  /// The resolutions there are then; nil: those of the model.
  public var onlyResolutions: [String]?
  /// The shapes there are then; nil: those of the model. None where a picture gives the shape.
  public var onlyAspectRatios: [String]?

  /// A rule without a condition and without a limit.
  public init() {}
}

extension CatalogModel {
  /// The model as it is for one kind and, where that is known already, one resolution.
  public func narrowed(kind: GenerationKind, resolution: String? = nil) -> CatalogModel {
    var model = self
    for rule in rules {
      guard rule.kinds.isEmpty || rule.kinds.contains(kind),
        rule.resolutions.isEmpty || resolution.map(rule.resolutions.contains) ?? false
      else { continue }
      if let durations = rule.durations { model.durations = .list(durations) }
      if let only = rule.onlyResolutions {
        model.resolutions.removeAll { !only.contains($0) }
      }
      if let only = rule.onlyAspectRatios {
        model.aspectRatios.removeAll { !only.contains($0) }
      }
    }
    if case .list(let list) = model.durations, let usual = model.defaultDuration,
      !list.contains(usual)
    {
      model.defaultDuration = list.min { abs($0 - usual) < abs($1 - usual) }
    }
    return model
  }
}
