public import KinoraModel

/// Puts secrets into a request's header values and query values.
public enum CredentialFilling {
  /// Credentials a request names. Throws `pluginFault` when a placeholder stands in the address
  /// outside a query value, and for a name that the catalog does not declare.
  public static func names(
    url: String, fields: [(name: String, value: String)], declared: Set<String>
  ) throws(KinoraError) -> Set<String> {
    let (base, pairs) = split(url)
    var names: Set<String> = []
    guard CredentialTemplate(base).names.isEmpty,
      pairs.allSatisfy({ CredentialTemplate($0.key).names.isEmpty })
    else {
      throw KinoraError(
        .pluginFault, "a credential stands in the address outside a query value", field: "url")
    }
    for pair in pairs { names.formUnion(CredentialTemplate(pair.value ?? "").names) }
    for field in fields { names.formUnion(CredentialTemplate(field.value).names) }
    for name in names.sorted() where !declared.contains(name) {
      throw KinoraError(
        .pluginFault, "credential \(name) is not declared in the catalog",
        allowed: declared.sorted())
    }
    return names
  }

  /// The address with its query values filled, percent-encoded.
  public static func fill(url: String, _ secrets: [String: Secret]) throws(KinoraError) -> String {
    let (base, pairs) = split(url)
    guard pairs.contains(where: { !CredentialTemplate($0.value ?? "").names.isEmpty }) else {
      return url
    }
    var query: [String] = []
    for pair in pairs {
      guard let value = pair.value else {
        query.append(pair.key)
        continue
      }
      let text = try CredentialTemplate(value).filled(secrets) { secret in
        (try? PercentCoding.encode(secret.utf8, .queryValue)) ?? ""
      }
      query.append(pair.key + "=" + text)
    }
    return base + "?" + query.joined(separator: "&")
  }

  /// One header value, filled. Throws `credentialMissing` when the secret holds a line end.
  public static func fill(value: String, _ secrets: [String: Secret]) throws(KinoraError) -> String
  {
    let template = CredentialTemplate(value)
    for name in template.names.sorted() {
      let isBroken = secrets[name]?.reveal().utf8.contains { $0 < 0x20 || $0 == 0x7f } ?? false
      guard !isBroken else {
        throw KinoraError(
          .credentialMissing, "credential \(name) holds a line end or control character")
      }
    }
    return try template.filled(secrets)
  }

  private static func split(_ url: String) -> (String, [(key: String, value: String?)]) {
    let text = url.prefix { $0 != "#" }
    guard let mark = text.firstIndex(of: "?") else { return (String(text), []) }
    let pairs = text[text.index(after: mark)...]
      .split(separator: "&", omittingEmptySubsequences: false)
      .map { pair -> (key: String, value: String?) in
        guard let sign = pair.firstIndex(of: "=") else { return (String(pair), nil) }
        return (String(pair[..<sign]), String(pair[pair.index(after: sign)...]))
      }
    return (String(text[..<mark]), pairs)
  }
}
