/// Everything else a step may depend on.
public struct Context: Sendable {
  /// The event that began the present chain of steps.
  public enum Phase: Sendable { case begin, cancel, reconcile }

  /// Milliseconds since 1970, the only clock a plugin has.
  public var now: Int64
  /// 1 for the first purchase; grows only for a new one.
  public var attempt: Int
  /// Paid requests that were sent so far in this attempt.
  public var ordinal: Int
  /// The chain.
  public var phase: Phase
  /// 32 hexadecimal digits, the same for the job's whole life.
  public var seed: String
  /// The provider's configuration: its options and `base_url`. No secrets.
  public var config: JSON

  /// A context, for tests of a provider.
  public init(
    now: Int64, attempt: Int = 1, ordinal: Int = 0, phase: Phase = .begin,
    seed: String = "000102030405060708090a0b0c0d0e0f", config: JSON
  ) {
    self.now = now
    self.attempt = attempt
    self.ordinal = ordinal
    self.phase = phase
    self.seed = seed
    self.config = config
  }

  /// Where requests go, without a slash at the end.
  public var baseURL: String {
    let url = config["base_url"].string ?? ""
    return url.hasSuffix("/") ? String(url.dropLast()) : url
  }

  /// One of the provider's options as text, `usual` where it is not set. Throws `invalid` when it is not
  /// right, with a message that names it and what it must be.
  public func option(
    _ name: String, usual: String = "", otherwise message: String, _ isRight: (String) -> Bool
  ) throws(Failure) -> String {
    let value = config[name].isNull ? usual : config[name].text
    guard let value, isRight(value) else {
      throw Failure(.invalid, message)
    }
    return value
  }

  /// True when the configuration has this credential; its value never comes here.
  public func has(_ credential: String) -> Bool {
    config["credentials"].array.contains { $0.string == credential }
  }

  /// The key under which a provider recognises a repeat of this purchase: another purchase has another.
  public var idempotencyKey: String { "\(seed)-\(attempt)" }
}

/// The place where the host writes a secret, after the step: `{{credential:NAME}}`. Only in header
/// values and in URL query values, never in a body; the catalog must declare the name.
public func credential(_ name: String) -> String { "{{credential:\(name)}}" }

/// The value of an `authorization` header with a bearer credential.
public func bearer(_ name: String) -> String { "Bearer \(credential(name))" }
