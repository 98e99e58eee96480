public import KinoraModel

/// What a request that goes on with an earlier job's result is, and what it takes over from it.
public enum Continuation {
  /// The kind that was asked for, else the first that the model can do. Throws `badField` for inputs
  /// beside the source of a kind that takes none.
  static func kind(_ request: GenerationRequest, _ model: CatalogModel) throws(KinoraError)
    -> GenerationKind
  {
    let offered = GenerationKind.continuing.filter(model.kinds.contains)
    let kind = request.sourceUse ?? offered.first ?? .extend
    guard model.kinds.contains(kind) else {
      throw KinoraError(
        .badField,
        offered.isEmpty
          ? "\(model.id) cannot go on with an earlier result"
          : "\(model.id) cannot \(kind.rawValue)",
        field: "source", allowed: offered.map(\.rawValue))
    }
    if keepsForm(kind), let input = request.inputs.first {
      throw KinoraError(
        .badField, "\(kind.rawValue) takes no other input than its source",
        field: input.role.rawValue)
    }
    return kind
  }

  /// True for kinds whose result has the length and the shape of their source.
  static func keepsForm(_ kind: GenerationKind) -> Bool { kind == .remix || kind == .edit }

  /// Gives a request for `model` the length and shape of its source where the kind keeps them, so that
  /// it is priced by what will be made. Throws `badField` where the request asks for others.
  public static func takeOver(
    _ source: JobRecord, into request: inout GenerationRequest, for model: CatalogModel
  ) throws(KinoraError) {
    let kind = try kind(request, model)
    guard keepsForm(kind) else { return }
    let asked = [
      ("seconds", request.seconds != nil), ("size", request.size != nil),
      ("aspect_ratio", request.aspectRatio != nil), ("resolution", request.resolution != nil),
    ]
    if let (field, _) = asked.first(where: \.1) {
      throw KinoraError(
        .badField, "\(kind.rawValue) keeps length and shape of its source: leave \(field) out",
        field: field)
    }
    let made = source.artifacts.first?.durationMilliseconds.map { (Double($0) / 1000).rounded() }
    request.seconds = made ?? source.request.seconds
    request.size = source.request.size
    request.aspectRatio = source.request.aspectRatio
    request.resolution = source.request.resolution
  }
}
