import KinoraModel

/// The body of `POST /v1/batches`: requests as `POST /v1/videos` takes them, each of which becomes a
/// job of its own.
struct BatchRequest {
  /// Requests in one batch.
  static let most = 100
  /// Where a job keeps which batch it belongs to, and its place in it as `3/10`.
  static let idKey = "kinora_batch"
  static let placeKey = "kinora_batch_item"

  private(set) var items: [VideoFields] = []

  /// Throws as `VideoFields` does, with the place of the request before the field's name.
  init(_ body: ParsedBody) throws(KinoraError) {
    let fields = FieldReader(json: body.json, body: body)
    try fields.only(["requests"])
    guard !body.isForm, let list = fields["requests"]?.array, (1...Self.most).contains(list.count)
    else {
      throw fields.error(
        "requests", "must be an array of 1 to \(Self.most) requests", ["1…\(Self.most) requests"])
    }
    for (place, item) in list.enumerated() {
      var inner = body
      inner.json = item
      do throws(KinoraError) {
        let item = try VideoFields(inner)
        guard !item.isDryRun else {
          throw KinoraError(
            .badField, "dry_run has no answer here: POST /v1/quote", field: "dry_run",
            allowed: ["false"])
        }
        guard item.request.metadata.count <= Limits.metadataMembers - 2 else {
          throw KinoraError(
            .badField, "metadata may have \(Limits.metadataMembers - 2) members in a batch",
            field: "metadata")
        }
        items.append(item)
      } catch {
        throw Self.placed(error, place)
      }
    }
  }

  /// A complaint about the request at `place`.
  static func placed(_ error: KinoraError, _ place: Int) -> KinoraError {
    var placed = error
    placed.field = "requests.\(place)" + (error.field.map { ".\($0)" } ?? "")
    placed.message = "requests.\(place): \(error.message)"
    return placed
  }
}
