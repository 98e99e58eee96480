import KinoraCore
import KinoraModel

/// The body of `PUT /v1/tenants/NAME`: only what is given changes; null empties.
struct TenantFields {
  private let fields: FieldReader
  private let index: ModelIndex
  private let profiles: [String]

  static let known = [
    "enabled", "provider", "model", "restore", "quota", "image_quota", "max_output_bytes",
    "profile", "prompt_suffix", "styles",
  ]
  private static let quotaFields = ["per_user_per_day", "pool", "pool_days", "enabled"]
  private static let suffixBytes = 4096

  init(_ body: ParsedBody, _ index: ModelIndex, profiles: [String]) throws(KinoraError) {
    fields = FieldReader(json: body.json, body: body)
    try fields.only(Self.known)
    self.index = index
    self.profiles = profiles.sorted()
  }

  /// Makes the changes. Throws `badField` or `modelUnknown`, naming what is allowed.
  func apply(to tenant: inout TenantSettings, now: Milliseconds) throws(KinoraError) {
    tenant.isEnabled = try fields.bool("enabled") ?? tenant.isEnabled
    try slot(&tenant, now: now)
    for (name, kind) in [("quota", QuotaKind.video), ("image_quota", .image)] {
      if let members = try fields.object(name) {
        tenant.quotas[kind] = try rule(members, name, tenant.quotas[kind] ?? QuotaRule())
      }
    }
    if isGiven("max_output_bytes") {
      tenant.maxOutputBytes = try fields.integer(
        "max_output_bytes", in: 1...Limits.artifactBytes)
    }
    if isGiven("profile") {
      tenant.profile = try fields.string("profile", most: 64)
      if let profile = tenant.profile, !profiles.contains(profile) {
        throw fields.error("profile", "must be a configured delivery profile", profiles)
      }
    }
    if isGiven("prompt_suffix") {
      let suffix = try fields.string("prompt_suffix", most: Self.suffixBytes)
      tenant.promptSuffix = suffix?.isEmpty == true ? nil : suffix
    }
    if let members = try fields.object("styles") {
      try StyleFields.change(members, fields.body, &tenant.styles)
    } else if isGiven("styles") {
      tenant.styles = [:]
    }
  }

  private func isGiven(_ name: String) -> Bool { fields.json[name] != nil }

  // MARK: The slot

  private func slot(_ tenant: inout TenantSettings, now: Milliseconds) throws(KinoraError) {
    let restores = try fields.bool("restore") ?? false
    if isGiven("provider") {
      let provider = try fields.string("provider", most: 64)
      if let provider { try known(provider) }
      if provider != tenant.provider {
        putAside(&tenant, now: now)
        let saved = tenant.saved.first { $0.provider == provider }?.model
        tenant.provider = provider
        tenant.model = restores ? saved : nil
      } else if restores, tenant.model == nil {
        tenant.model = tenant.saved.first { $0.provider == provider }?.model
      }
      if restores, let model = tenant.model { try exists(model, "restore") }
    } else if restores {
      throw fields.error("restore", "goes with provider: it fills the slot of that one")
    }
    guard isGiven("model") else { return }
    guard let name = try fields.string("model", most: 256), !name.isEmpty else {
      tenant.model = nil
      return
    }
    let entry = try index.resolve(name)
    guard entry.model.medium == "video" else {
      throw index.noVideo(entry)
    }
    if tenant.provider != entry.settings.name {
      if isGiven("provider"), let provider = tenant.provider {
        throw fields.error(
          "model", "\(entry.id) is not of \(provider)",
          videoModels.filter { $0.hasPrefix("\(provider)/") })
      }
      putAside(&tenant, now: now)
      tenant.provider = entry.settings.name
    }
    tenant.model = entry.id
  }

  private var videoModels: [String] {
    index.entries.filter { $0.model.medium == "video" }.map(\.id)
  }

  private func known(_ provider: String) throws(KinoraError) {
    let names = Set(index.entries.map(\.settings.name)).union(index.absent.keys)
    guard names.contains(provider) else {
      throw fields.error("provider", "\(provider) is not configured", names.sorted())
    }
  }

  private func exists(_ model: String, _ field: String) throws(KinoraError) {
    do throws(KinoraError) {
      _ = try index.resolve(model)
    } catch {
      throw fields.error(field, "the saved model \(model) is not there any more", error.allowed)
    }
  }

  private func putAside(_ tenant: inout TenantSettings, now: Milliseconds) {
    guard let provider = tenant.provider else { return }
    tenant.saved.removeAll { $0.provider == provider }
    tenant.saved.append(
      TenantSettings.SavedModel(provider: provider, model: tenant.model, savedAt: now))
    tenant.saved.sort { $0.provider < $1.provider }
  }

  // MARK: Limits

  private func rule(
    _ members: [JSONMember], _ name: String, _ before: QuotaRule
  ) throws(KinoraError) -> QuotaRule {
    let inner = FieldReader(json: .object(members), body: fields.body, prefix: "\(name).")
    try inner.only(Self.quotaFields)
    var rule = before
    rule.perUserPerDay =
      try inner.integer("per_user_per_day", in: 0...100).map { Int($0) } ?? rule.perUserPerDay
    rule.pool = try inner.integer("pool", in: 0...99_999).map { Int($0) } ?? rule.pool
    rule.poolDays = try inner.integer("pool_days", in: 1...365).map { Int($0) } ?? rule.poolDays
    rule.isEnabled = try inner.bool("enabled") ?? rule.isEnabled
    return rule
  }
}
