/// What happened to a job, as its plugin is told. All that a step may depend on.
public struct PluginEvent: Sendable {
  /// What happened.
  public enum Kind: Sendable {
    case begin
    case response(ProviderResponse)
    case unreachable
    case timer
    case cancel
    case reconcile
    case adopt(handle: String)
  }
  /// The root of the present chain of steps.
  public enum Phase: String, Sendable, Codable { case begin, cancel, reconcile }

  /// What happened.
  public var kind: Kind
  /// The chain it belongs to.
  public var phase: Phase
  /// 1 for the first purchase; grows only for a new one.
  public var attempt: Int
  /// Paid requests so far in this attempt.
  public var ordinal: Int
  /// The only clock a plugin has.
  public var now: Milliseconds
  /// 16 bytes, stable for the life of the job.
  public var seed: [UInt8]
  /// The job as JSON, without media.
  public var job: [UInt8]
  /// The provider's configuration as JSON, without secrets.
  public var config: [UInt8]
  /// What the plugin saved last; empty when nothing.
  public var state: [UInt8]

  /// An event.
  public init(
    kind: Kind, phase: Phase, attempt: Int, ordinal: Int, now: Milliseconds, seed: [UInt8],
    job: [UInt8], config: [UInt8], state: [UInt8]
  ) {
    self.kind = kind
    self.phase = phase
    self.attempt = attempt
    self.ordinal = ordinal
    self.now = now
    self.seed = seed
    self.job = job
    self.config = config
    self.state = state
  }
}

/// What a plugin wants next.
public struct PluginStep: Sendable {
  /// The one thing to do.
  public enum Verdict: Sendable {
    case send(ProviderRequest)
    case wait(milliseconds: UInt32)
    /// JSON: `{"assets":[…],"cost_microusd"?,"handle"?}`.
    case succeed([UInt8])
    case fail(PluginFailure)
    /// The plugin does not know this kind of event.
    case unsupported
  }
  /// The one thing to do.
  public var verdict: Verdict
  /// New state bytes, when the plugin saved any.
  public var state: [UInt8]?
  /// The provider's own id of the job, when the plugin learned it.
  public var handle: String?
  /// 0…1000, only when the provider gave it.
  public var progressPermille: Int?
  /// The provider's words about progress.
  public var note: String?

  /// A step.
  public init(
    verdict: Verdict, state: [UInt8]? = nil, handle: String? = nil, progressPermille: Int? = nil,
    note: String? = nil
  ) {
    self.verdict = verdict
    self.state = state
    self.handle = handle
    self.progressPermille = progressPermille
    self.note = note
  }
}

/// A plugin's word that the job cannot go on.
public struct PluginFailure: Sendable, Equatable {
  /// The seven codes of the ABI; numbers as in the header.
  public enum Code: UInt32, Sendable {
    case invalid = 1
    case unauthenticated
    case refused
    case exhausted
    case notFound
    case unavailable
    case protocolBroken
  }
  /// Which.
  public var code: Code
  /// For the caller: no secrets, no upstream HTML.
  public var message: String
  /// True when the same request may work later.
  public var isRetryable: Bool
  /// What the provider asked to wait, in milliseconds; 0 for nothing.
  public var retryAfter: UInt32

  /// A failure.
  public init(_ code: Code, _ message: String, isRetryable: Bool = false, retryAfter: UInt32 = 0) {
    self.code = code
    self.message = message
    self.isRetryable = isRetryable
    self.retryAfter = retryAfter
  }
}

/// A request as a plugin wrote it: credentials are still placeholders.
public struct ProviderRequest: Sendable {
  /// One piece of a body.
  public enum Part: Sendable, Equatable {
    case bytes([UInt8])
    /// A stored input as it is; the file's path and length are filled in by the host.
    case input(ref: String, base64: Bool)
    /// The same after the host looked it up.
    case file(path: String, length: Int64, base64: Bool)
  }
  /// `GET`, `POST`, …
  public var method: String
  /// Absolute; may hold `{{credential:NAME}}` in query values.
  public var url: String
  /// Values may hold `{{credential:NAME}}`.
  public var fields: [(name: String, value: String)]
  /// The body, in order; empty for none.
  public var parts: [Part]
  /// Twice costs nothing. Without it the request is paid and needs a permit.
  public var isIdempotent: Bool
  /// A 2xx answer that is not JSON becomes the spool `out0`.
  public var streamsToFile: Bool
  /// JSON strings over 4 KiB of the answer become spools.
  public var liftsStrings: Bool
  /// Whole exchange, milliseconds; 0: the host's default.
  public var timeout: UInt32
  /// Most bytes of an answer in memory; 0: the host's default.
  public var maxBody: UInt32
  /// The plugin's own word, given back with the answer.
  public var tag: String

  /// A request.
  public init(
    method: String, url: String, fields: [(name: String, value: String)] = [],
    parts: [Part] = [], isIdempotent: Bool, streamsToFile: Bool = false, liftsStrings: Bool = false,
    timeout: UInt32 = 0, maxBody: UInt32 = 0, tag: String = ""
  ) {
    self.method = method
    self.url = url
    self.fields = fields
    self.parts = parts
    self.isIdempotent = isIdempotent
    self.streamsToFile = streamsToFile
    self.liftsStrings = liftsStrings
    self.timeout = timeout
    self.maxBody = maxBody
    self.tag = tag
  }
}

/// A whole answer of a provider.
public struct ProviderResponse: Sendable {
  /// One string, or the whole body, that went to a file instead of memory.
  public struct Spool: Sendable, Equatable {
    /// `out0`, `out1`, …
    public var ref: String
    /// JSON pointer of the string it stands for; empty for a whole body.
    public var pointer: String
    /// Characters of the string, or bytes of the body.
    public var length: Int64
    /// Where it lies until the job's next verdict but wait.
    public var path: String

    /// A spool.
    public init(ref: String, pointer: String, length: Int64, path: String) {
      self.ref = ref
      self.pointer = pointer
      self.length = length
      self.path = path
    }
  }
  /// 100…599.
  public var status: Int
  /// Lower-case names.
  public var fields: [(name: String, value: String)]
  /// What is in memory.
  public var body: [UInt8]
  /// What went to files.
  public var spools: [Spool]
  /// The request's tag.
  public var tag: String

  /// An answer.
  public init(
    status: Int, fields: [(name: String, value: String)] = [], body: [UInt8] = [],
    spools: [Spool] = [], tag: String = ""
  ) {
    self.status = status
    self.fields = fields
    self.body = body
    self.spools = spools
    self.tag = tag
  }

  /// The first value of a field, by its lower-case name.
  public func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
