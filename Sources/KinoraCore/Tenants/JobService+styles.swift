public import KinoraModel

/// A style that a request may name.
public struct KnownStyle: Sendable, Equatable {
  /// Whose it is. Of styles with one name the tenant's counts before the client's and that before
  /// the host's.
  public enum Owner: String, Sendable, CaseIterable {
    case tenant
    case client
    case host
  }
  /// What requests call it.
  public var name: String
  /// What it adds.
  public var preset: StylePreset
  /// Whose it is.
  public var owner: Owner
}

/// Styles: words that a request adds to its prompts by a name.
extension JobService {
  /// What a client may name for itself or for one of its tenants, by name.
  public func styles(client: String, tenant: String?) -> [KnownStyle] {
    let policy = policy
    var found: [String: KnownStyle] = [:]
    let levels: [(KnownStyle.Owner, [String: StylePreset])] = [
      (.host, policy.styles), (.client, policy.clients.rules(client)?.styles ?? [:]),
      (.tenant, tenant.map { tenants.settings(client: client, $0).styles } ?? [:]),
    ]
    for (owner, styles) in levels {
      for (name, preset) in styles {
        found[name] = KnownStyle(name: name, preset: preset, owner: owner)
      }
    }
    return found.values.sorted { $0.name < $1.name }
  }

  /// The submission with the words of its style, which belong to it from here on. Throws `badField`
  /// for a name that nobody has, with those that there are.
  func styled(_ submission: Submission) throws(KinoraError) -> Submission {
    guard let name = submission.request.stylePreset else { return submission }
    let known = styles(client: submission.viewer.client, tenant: submission.request.tenant)
    guard let style = known.first(where: { $0.name == name }) else {
      let near = Spelling.nearest(name, in: known.map(\.name)).first
      let hint = near.map { "; did you mean \($0)?" } ?? (known.isEmpty ? ": there are none" : "")
      throw KinoraError(
        .badField, "style_preset \(name.quoted) is not known\(hint)", field: "style_preset",
        allowed: known.map(\.name))
    }
    var styled = submission
    styled.request.style = style.preset
    return styled
  }

  /// Throws `tooLarge` when the client's own words fit and those that are added to them do not.
  static func checkWords(
    _ request: GenerationRequest, _ tenant: TenantSettings?, _ model: CatalogModel
  ) throws(KinoraError) {
    let style = request.stylePreset.map { "the style \($0)" }
    let suffix = tenant.flatMap { tenant in tenant.promptSuffix.map { _ in tenant.name } }
    let adding = [style, suffix].compactMap { $0 }
    guard !adding.isEmpty else { return }
    func check(_ field: String, _ own: String, _ sent: String, _ most: Int) throws(KinoraError) {
      guard sent.utf8.count > most else { return }
      let left = max(0, most - sent.utf8.count + own.utf8.count)
      throw KinoraError(
        .tooLarge,
        "\(field) may have \(left) bytes: \(model.id) takes \(most), and "
          + "\(adding.joined(separator: " and ")) add\(adding.count == 1 ? "s" : "") words of "
          + "\(adding.count == 1 ? "its" : "their") own", field: field)
    }
    try check(
      "prompt", request.prompt, request.promptSent(suffix: tenant?.promptSuffix),
      min(model.maxPromptBytes, Limits.promptBytes))
    try check(
      "negative_prompt", request.negativePrompt ?? "", request.negativePromptSent ?? "",
      Limits.promptBytes)
  }
}
