/// What a plugin knows about its provider and its models: limits, prices, terms.
public struct Catalog: Sendable, Equatable {
  /// Other names that a provider of this plugin may be called by, unless another one has the name.
  public var aliases: [String] = []
  /// Hosts that requests may go to, besides the configured base URL's. `*.example.com` is allowed.
  public var hosts: [String]
  /// Where requests go unless configured otherwise.
  public var baseURL: String
  /// The transport that `auto` means.
  public var transport: TransportKind
  /// Credentials the plugin's requests name.
  public var credentials: [CatalogCredential]
  /// Derived credentials the host makes (section `kinora.sign/1`), as written; checked by the host.
  public var sign: JSON?
  /// Milliseconds between polls unless the plugin says otherwise.
  public var pollMilliseconds: Int
  /// The models, the default one first.
  public var models: [CatalogModel]
  /// Path under the base URL of a GET that costs nothing and answers JSON; asked before paid
  /// submits go on after an edge answered instead of the provider.
  public var probe: String?

  /// Where the provider tells which models a key may use, for nothing; nil where it does not.
  public var modelList: CatalogModelList?

  /// Settings of the provider's `options` that the plugin reads; empty: any are taken, none needed.
  public var settings: [CatalogCredential] = []

  /// A catalog by its parts.
  public init(
    hosts: [String], baseURL: String, transport: TransportKind, credentials: [CatalogCredential],
    sign: JSON?, pollMilliseconds: Int, models: [CatalogModel]
  ) {
    self.hosts = hosts
    self.baseURL = baseURL
    self.transport = transport
    self.credentials = credentials
    self.sign = sign
    self.pollMilliseconds = pollMilliseconds
    self.models = models
  }
}

/// A credential, or a setting, that is configured.
public struct CatalogCredential: Sendable, Equatable {
  /// The name in `{{credential:NAME}}` and in the configuration.
  public var name: String
  /// False when the provider works without it.
  public var isRequired: Bool
  /// Where a person gets one.
  public var help: String
  /// Names that the provider's own programs read it from: variables of the environment.
  public var environment: [String] = []

  /// A credential.
  public init(name: String, isRequired: Bool, help: String) {
    self.name = name
    self.isRequired = isRequired
    self.help = help
  }
}

/// One model.
public struct CatalogModel: Sendable, Equatable {
  /// Whether a clip has sound.
  public enum Audio: String, Sendable, Codable, CaseIterable { case never, always, optional }
  /// Lengths a model can make, in seconds.
  public enum Durations: Sendable, Equatable {
    /// No choice of length (an image, or the provider decides).
    case none
    case list([Double])
    case range(min: Double, max: Double, step: Double)
  }

  /// The provider's id, without the provider's name before it.
  public var id: String
  /// For people.
  public var name: String
  /// What it is good for, in a sentence.
  public var summary: String?
  /// Other names, unique among all models.
  public var aliases: [String] = []
  /// What it can do.
  public var kinds: [GenerationKind]
  /// Lengths.
  public var durations: Durations = .none
  /// The length when none is asked.
  public var defaultDuration: Double?
  /// Shapes; empty: no choice.
  public var aspectRatios: [String] = []
  /// Resolutions; empty: no choice.
  public var resolutions: [String] = []
  /// Pixel sizes; empty: no choice.
  public var sizes: [String] = []
  /// Frame rates; empty: no choice.
  public var fps: [Int] = []
  /// What it can do only under a condition.
  public var rules: [CatalogRule] = []
  /// One of those to begin with.
  public var isRecommended = false
  /// Sound.
  public var audio: Audio = .never
  /// Whether a seed is taken.
  public var takesSeed = false
  /// Whether a negative prompt is taken.
  public var takesNegativePrompt = false
  /// Results one request may ask for.
  public var maxCount = 1
  /// Longest prompt in bytes.
  public var maxPromptBytes = Limits.promptBytes
  /// Inputs by role: how many at most.
  public var inputs: [MediaInput.Role: Int] = [:]
  /// Media types of inputs.
  public var inputTypes: [String] = ["image/png", "image/jpeg", "image/webp"]
  /// Longest input in bytes.
  public var maxInputBytes: Int64 = Limits.inputBytes
  /// Names of provider options it takes; nil: any.
  public var options: [String]?
  /// Prices; empty: unpriced.
  public var prices: [CatalogPrice] = []
  /// What a paid submit may rely on.
  public var terms = SubmitTerms()
  /// When the provider will shut it down.
  public var retiresAt: String?
  /// When the provider shut it down.
  public var retiredAt: String?
  /// Hosts at which it is shut down; empty: everywhere. A dialect may live on at compatible hosts.
  public var retiredHosts: [String] = []
  /// What to use instead.
  public var successor: String?

  /// A model with what it can do.
  public init(id: String, name: String, kinds: [GenerationKind]) {
    self.id = id
    self.name = name
    self.kinds = kinds
  }

  /// `video` or `image`, what its results are.
  public var medium: String { kinds == [.image] ? "image" : "video" }
}

/// One price rule. The first rule whose conditions all hold counts for its unit.
public struct CatalogPrice: Sendable, Equatable {
  /// What is counted.
  public enum Unit: String, Sendable, Codable, CaseIterable {
    case second
    case clip
    case inputImage = "input_image"
  }
  /// What is counted.
  public var per: Unit
  /// Price of one.
  public var amount: MicroUSD
  /// Only for this resolution.
  public var resolution: String?
  /// Only with or without sound.
  public var audio: Bool?
  /// Only for this size.
  public var size: String?
  /// Only for this kind.
  public var kind: GenerationKind?
  /// Where the price was read.
  public var source: String
  /// When, `2026-10-01`.
  public var date: String

  /// A rule.
  public init(per: Unit, amount: MicroUSD, source: String, date: String) {
    self.per = per
    self.amount = amount
    self.source = source
    self.date = date
  }
}
