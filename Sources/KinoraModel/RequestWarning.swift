/// A field of a request that was not taken as it was asked for: told as data, so that a program can
/// say it in its own words.
public struct RequestWarning: Sendable, Equatable {
  /// What became of the field.
  public enum Action: String, Sendable, CaseIterable {
    /// The model has no such choice: it was left out.
    case ignored
    /// It moved to the nearest value that the model offers.
    case adjusted
  }
  /// The field of `POST /v1/videos`.
  public var field: String
  /// What became of it.
  public var action: Action
  /// What was asked for.
  public var asked: String
  /// What the model is asked for instead; nil for nothing.
  public var used: String?

  /// What a request asked for beside what is made of it, in the order of the fields' names.
  public static func all(
    asked: [String: String], request: GenerationRequest
  ) -> [RequestWarning] {
    asked.sorted { $0.key < $1.key }.map { field, asked in
      let used = request.told(field)
      return RequestWarning(
        field: field, action: used == nil ? .ignored : .adjusted, asked: asked, used: used)
    }
  }

  /// For a person.
  public var message: String {
    if field == "style_preset" {
      return "style_preset: the model takes no negative prompt, that part of \(asked) was left out"
    }
    guard let used else { return "\(field): the model offers no \(asked), it was left out" }
    return "\(field): asked \(asked), gets \(used)"
  }
}

extension GenerationRequest {
  /// The value of a field that may be moved, as text.
  fileprivate func told(_ field: String) -> String? {
    switch field {
    case "seconds":
      seconds.map { seconds in Int64(exactly: seconds).map(String.init) ?? "\(seconds)" }
    case "aspect_ratio": aspectRatio
    case "resolution": resolution
    case "size": size
    case "fps": fps.map(String.init)
    case "audio": audio.map(String.init)
    default: nil
    }
  }
}
