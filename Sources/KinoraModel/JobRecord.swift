/// Everything known about one job: what is stored, and what the reducer works on.
public struct JobRecord: Sendable, Codable, Equatable {
  // Who and what; set when the job is accepted.

  /// Its public name.
  public var id: JobID
  /// The client that owns it.
  public var client: String
  /// The principal that sent it, `uid:1000` or `key:abc`.
  public var principal: String
  /// The front door it came through.
  public var door: String
  /// When it was accepted.
  public var createdAt: Milliseconds
  /// What is to be made, after defaults and snapping.
  public var request: GenerationRequest
  /// What kind of making that is.
  public var kind: GenerationKind
  /// What the client asked for where snapping changed it: field to asked value.
  public var asked: [String: String] = [:]
  /// The configured provider's name.
  public var provider: String
  /// The plugin's name.
  public var plugin: String
  /// The model's id in the plugin's catalog.
  public var model: String
  /// 16 random bytes in hexadecimal, stable for the job's life.
  public var seed: String
  /// What the paid submit may rely on, frozen from the catalog.
  public var terms: SubmitTerms
  /// The frozen price.
  public var quote: Quote
  /// The configured route that chose the model, or nil.
  public var route: String?
  /// The models that the route has left, in order.
  public var choices: [RouteChoice] = []

  // Where it stands.

  /// Its state.
  public var state: JobState = .queued
  /// The number of its last event, from 1 without gaps.
  public var sequence: Int = 0
  /// 1 for the first purchase.
  public var attempt: Int = 1
  /// Paid requests that got a permit in this attempt.
  public var ordinal: Int = 0
  /// What the plugin saved last.
  public var pluginState: [UInt8] = []
  /// The event that made the plugin ask for the paid request that has the permit now; with a
  /// deduplicating provider the same event makes the same request again.
  public var paidEvent: PaidEvent?
  /// The provider's own id.
  public var handle: String?
  /// When a person named the handle; nil without that, and once a poll has found it.
  public var adoptedAt: Milliseconds?
  /// The handle that a later extend or remix needs, from the result.
  public var resultHandle: String?
  /// 0…1000, as the provider said.
  public var progressPermille: Int?
  /// The provider's words about progress.
  public var note: String?
  /// When the permit of the present attempt was asked.
  public var intentAt: Milliseconds?
  /// When the provider accepted.
  public var submittedAt: Milliseconds?
  /// When it ended.
  public var endedAt: Milliseconds?
  /// Past this an accepted job is expired.
  public var deadlineAt: Milliseconds?
  /// Past this a waiting job is expired.
  public var queueUntil: Milliseconds
  /// Until here an outwardly closed job is still polled because its money is open.
  public var tailUntil: Milliseconds?
  /// When the client asked to cancel.
  public var cancelRequestedAt: Milliseconds?
  /// Not claimed before this moment (backoff, a provider's Retry-After).
  public var notBefore: Milliseconds?
  /// Refusals that allow another try, in a row.
  public var refusals: Int = 0
  /// Why it is held or what went wrong.
  public var failure: JobFailure?
  /// What the provider named as result; fetched in order.
  public var assets: [PendingAsset] = []
  /// What is stored.
  public var artifacts: [Artifact] = []

  // Money.

  /// What is reserved now.
  public var reserved: MicroUSD = .zero
  /// What was booked; nil while open.
  public var settled: MicroUSD?
  /// The provider's own figure, when it gave one.
  public var providerCost: MicroUSD?
  /// True when the booked sum was never confirmed by the provider.
  public var isUnconfirmed: Bool = false

  // Tenant.

  /// What the tenant's settings were when it was accepted; nil without a tenant.
  public var tenantTerms: TenantTerms?
  /// Whether the tenant's client has taken the result; nil before there is one, and without a tenant.
  public var delivery: Delivery?
  /// What finished jobs of its model took, when it was accepted; nil with too few of them.
  public var typical: TypicalTime?

  /// How each phase travelled last: `submit` → `curl (catalog default)`.
  public var transports: [String: String] = [:]
  /// Host of the store that owns it; one host always owns all of its own.
  public var owner: String = ""
  /// Ownership turns, for stores that several hosts share.
  public var epoch: Int = 0

  /// A job as it is accepted.
  public init(
    id: JobID, client: String, principal: String, door: String, createdAt: Milliseconds,
    request: GenerationRequest, kind: GenerationKind, provider: String, plugin: String,
    model: String, seed: String, terms: SubmitTerms, quote: Quote, queueUntil: Milliseconds
  ) {
    self.id = id
    self.client = client
    self.principal = principal
    self.door = door
    self.createdAt = createdAt
    self.request = request
    self.kind = kind
    self.provider = provider
    self.plugin = plugin
    self.model = model
    self.seed = seed
    self.terms = terms
    self.quote = quote
    self.queueUntil = queueUntil
  }
}

extension JobRecord {
  /// The length of all videos among its files.
  public var videoMilliseconds: Int64 {
    artifacts.filter { $0.mime.hasPrefix("video/") }
      .reduce(0) { $0 + ($1.durationMilliseconds ?? 0) }
  }
}

/// What a paid request can be made from again.
public struct PaidEvent: Sendable, Codable, Equatable {
  /// The plugin was told `timer` instead of `begin`.
  public var isTimer: Bool
  /// The clock it was given.
  public var now: Milliseconds
  /// The state it was given.
  public var state: [UInt8]

  /// An event that can be repeated.
  public init(isTimer: Bool, now: Milliseconds, state: [UInt8]) {
    self.isTimer = isTimer
    self.now = now
    self.state = state
  }
}

/// Why a job failed or is held.
public struct JobFailure: Sendable, Codable, Equatable {
  /// The error table's code.
  public var code: KinoraError.Code
  /// One sentence.
  public var message: String
  /// The provider's own words.
  public var providerMessage: String?

  /// A reason.
  public init(_ code: KinoraError.Code, _ message: String, providerMessage: String? = nil) {
    self.code = code
    self.message = message
    self.providerMessage = providerMessage
  }
}

/// One result that waits to be stored.
public struct PendingAsset: Sendable, Codable, Equatable {
  /// Where to download it; nil for a spool.
  public var url: String?
  /// Header fields with placeholders.
  public var fields: [String: String] = [:]
  /// The spool's ref and file; nil for a URL.
  public var spool: String?
  /// The spool's file.
  public var spoolPath: String?
  /// `base64` or `raw`.
  public var encoding: String?
  /// The medium, when the provider said.
  public var mime: String?

  /// An empty asset.
  public init() {}

  /// `video`, `image` or `audio`, by what the provider said; nil when it said nothing of the kind. A
  /// clip may come with a picture of it.
  public var medium: String? {
    let word = String((mime ?? "").prefix { $0 != "/" })
    return ["video", "image", "audio"].contains(word) ? word : nil
  }
}

/// One stored file.
public struct Artifact: Sendable, Codable, Equatable {
  /// Its address and its entity tag: SHA-256 in hexadecimal.
  public var sha256: String
  /// Length in bytes.
  public var bytes: Int64
  /// Sniffed from the bytes.
  public var mime: String
  /// Pixels across, when the container says.
  public var width: Int?
  /// Pixels down.
  public var height: Int?
  /// Milliseconds of the clip.
  public var durationMilliseconds: Int64?
  /// `h264` and the like, when the container says.
  public var codec: String?

  /// A stored file.
  public init(
    sha256: String, bytes: Int64, mime: String, width: Int? = nil, height: Int? = nil,
    durationMilliseconds: Int64? = nil, codec: String? = nil
  ) {
    self.sha256 = sha256
    self.bytes = bytes
    self.mime = mime
    self.width = width
    self.height = height
    self.durationMilliseconds = durationMilliseconds
    self.codec = codec
  }
}

/// A price, frozen when money was reserved.
public struct Quote: Sendable, Codable, Equatable {
  /// What is reserved.
  public var amount: MicroUSD
  /// Catalog price of one second of result, when it is priced so.
  public var perSecond: MicroUSD?
  /// What does not depend on the length.
  public var fixed: MicroUSD
  /// How it was computed, for people: `8 s × $0.40`.
  public var basis: String
  /// `catalog`, `max_cost_usd` or `assume_usd`.
  public var source: String

  /// A quote.
  public init(
    amount: MicroUSD, perSecond: MicroUSD? = nil, fixed: MicroUSD = .zero, basis: String,
    source: String
  ) {
    self.amount = amount
    self.perSecond = perSecond
    self.fixed = fixed
    self.basis = basis
    self.source = source
  }
}
