public import KinoraModel

/// Makes credentials that are not stored anywhere but made from others: a signed token, an access
/// token from a refresh token. Declared in the catalog's section `kinora.sign/1`; no function of it
/// can be called from inside a plugin's step.
public protocol DerivedCredentials: Sendable {
  /// Names that it can make; they count as declared in the catalog.
  var names: Set<String> { get }
  /// A valid credential, made or taken from a cache. Throws `credentialMissing` when what it is made
  /// from cannot be read and `providerUnavailable` when the token's maker does not answer.
  func secret(_ name: String) async throws(KinoraError) -> Secret
  /// Why one of them could not be made now, as far as that shows without asking anybody; nil when all
  /// they are made from is there.
  func problem() -> KinoraError?
  /// What a person should know although they can be made: a login that cannot be written back.
  func warning() -> String?
  /// Makes those anew at the next use: the provider did not take them.
  func forget(_ names: Set<String>)
}

extension DerivedCredentials {
  public func problem() -> KinoraError? { nil }
  public func warning() -> String? { nil }
  public func forget(_ names: Set<String>) {}
}

/// A provider without derived credentials.
public struct NoDerivedCredentials: DerivedCredentials {
  /// None.
  public init() {}
  public var names: Set<String> { [] }
  public func secret(_ name: String) async throws(KinoraError) -> Secret {
    throw KinoraError(.credentialMissing, "credential \(name) cannot be derived")
  }
}
