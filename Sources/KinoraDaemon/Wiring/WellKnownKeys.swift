import KinoraModel

/// Keys of a provider that nobody wrote down, under the names that its own programs read them from
/// (`OPENAI_API_KEY`). A catalog says which names those are.
///
/// They count for a configured provider without a section `credentials`, and only where it is spoken
/// to at its own address or on loopback: another host was not what the key was put there for. A
/// credential of the unit with that name (`LoadCredential=OPENAI_API_KEY:…`) counts over the variable.
struct WellKnownKeys: Sendable {
  /// `$CREDENTIALS_DIRECTORY`.
  var directory: String?
  /// What the daemon was started with.
  var environment: [String: String]

  /// Those of this process.
  static var own: WellKnownKeys {
    WellKnownKeys(directory: Environment["CREDENTIALS_DIRECTORY"], environment: Environment.all)
  }

  /// Gives `settings` the sources that are there.
  func fill(_ settings: inout ProviderSettings, _ catalog: Catalog) {
    guard settings.credentials.isEmpty, isOwn(settings.baseURL, catalog) else { return }
    for credential in catalog.credentials {
      settings.credentials[credential.name] = source(credential.environment)
    }
  }

  private func source(_ names: [String]) -> ProviderSettings.CredentialSource? {
    if let directory,
      let name = names.first(where: { ConfigurationFiles.read("\(directory)/\($0)") != nil })
    {
      return .systemd(name)
    }
    return names.first { environment[$0]?.isEmpty == false }.map { .environment($0) }
  }

  private func isOwn(_ address: String, _ catalog: Catalog) -> Bool {
    guard let (_, host) = Configuration.origin(address) else { return false }
    return host == Configuration.origin(catalog.baseURL)?.host || host == "localhost"
      || host == "[::1]" || host.hasPrefix("127.")
  }
}
