/// A provider's own words, as a person may see them: cleaned by ``Failure/cleaned(_:)``, empty for none.
public struct Words: Sendable, Equatable {
  /// One line without control characters and HTML.
  public let text: String

  /// The first of `values` that says something: a text, or an error object's `message`.
  public init(_ values: JSON...) {
    text =
      values.lazy.compactMap { $0.string ?? $0["message"].string }
      .map(Failure.cleaned).first { !$0.isEmpty } ?? ""
  }

  /// A text from elsewhere.
  public init(_ text: String) { self.text = Failure.cleaned(text) }

  /// True when the provider said nothing.
  public var isEmpty: Bool { text.isEmpty }

  /// What goes behind a sentence of the plugin's own: `: the words`, or nothing.
  public var said: String { isEmpty ? "" : ": \(text)" }

  /// The words, or `usual` where the provider gives none.
  public func or(_ usual: String) -> String { isEmpty ? usual : text }

  /// True when one of `parts`, written in small letters, is in them, whatever their case.
  public func say(_ parts: [String]) -> Bool {
    guard !isEmpty, !parts.isEmpty else { return false }
    let lower = text.lowercased()
    return parts.contains { lower.contains($0) }
  }
}
