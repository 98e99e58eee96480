/// A model that a routed job goes on to when the one before it certainly did not take it: everything
/// about the job that depends on the model, resolved and priced when the job was accepted.
public struct RouteChoice: Sendable, Codable, Equatable {
  /// The configured provider's name.
  public var provider: String
  /// The plugin's name.
  public var plugin: String
  /// The model's id in the plugin's catalog.
  public var model: String
  /// The request as this model makes it.
  public var request: GenerationRequest
  /// What kind of making that is.
  public var kind: GenerationKind
  /// What the client asked for where snapping changed it.
  public var asked: [String: String]
  /// What the paid submit may rely on.
  public var terms: SubmitTerms
  /// The frozen price.
  public var quote: Quote

  /// A choice by its parts.
  public init(
    provider: String, plugin: String, model: String, request: GenerationRequest,
    kind: GenerationKind, asked: [String: String], terms: SubmitTerms, quote: Quote
  ) {
    self.provider = provider
    self.plugin = plugin
    self.model = model
    self.request = request
    self.kind = kind
    self.asked = asked
    self.terms = terms
    self.quote = quote
  }
}

extension JobRecord {
  /// What must be reserved so that any model of the route can be paid.
  public var dearest: MicroUSD { choices.map(\.quote.amount).reduce(quote.amount, max) }

  /// Takes the next model of the route. Throws nothing; false when there is none.
  public mutating func takeNextChoice() -> Bool {
    guard let next = choices.first else { return false }
    choices.removeFirst()
    provider = next.provider
    plugin = next.plugin
    model = next.model
    request = next.request
    kind = next.kind
    asked = next.asked
    terms = next.terms
    quote = next.quote
    return true
  }
}
