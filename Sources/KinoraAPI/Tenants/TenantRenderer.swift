import KinoraCore
import KinoraModel

/// Tenants and quotas as clients see them.
enum TenantRenderer {
  static func json(_ tenant: TenantSettings, maxOutputBytes: Int64?, _ index: ModelIndex) -> JSON {
    [
      "object": "tenant", "tenant": .string(tenant.name), "client": .string(tenant.client),
      "version": .integer(Int64(tenant.version)), "enabled": .bool(tenant.isEnabled),
      "provider": JSON(tenant.provider), "model": JSON(tenant.model),
      "saved": .array(
        tenant.saved.map { saved in
          let isGone = saved.model.map { (try? index.resolve($0)) == nil } ?? false
          return [
            "provider": .string(saved.provider), "model": JSON(saved.model),
            "saved_at": .string(UTC.timestamp(saved.savedAt)), "dangling": .bool(isGone),
          ]
        }),
      "quota": json(tenant.quotas[.video] ?? QuotaRule()),
      "image_quota": json(tenant.quotas[.image] ?? QuotaRule()),
      "max_output_bytes": JSON(tenant.maxOutputBytes), "profile": JSON(tenant.profile),
      "effective_max_output_bytes": JSON(maxOutputBytes),
      "prompt_suffix": JSON(tenant.promptSuffix),
      "styles": .object(
        tenant.styles.sorted { $0.key < $1.key }.map {
          JSONMember($0.key, StyleFields.json($0.value))
        }),
    ]
  }

  static func json(_ rule: QuotaRule) -> JSON {
    [
      "per_user_per_day": .integer(Int64(rule.perUserPerDay)),
      "pool": .integer(Int64(rule.pool)), "pool_days": .integer(Int64(rule.poolDays)),
      "enabled": .bool(rule.isEnabled),
    ]
  }

  static func json(_ standing: QuotaStanding, user: String?) -> JSON {
    var members = [JSONMember("config", json(standing.rule))]
    if let user {
      members.append(
        JSONMember("user", json(standing.user, [JSONMember("user", .string(user))])))
    }
    let pool = [
      JSONMember("period_start", .string(UTC.timestamp(standing.pool.since))),
      JSONMember("period_end", .string(UTC.timestamp(standing.pool.resetsAt))),
    ]
    members.append(JSONMember("pool", json(standing.pool, pool)))
    return .object(members)
  }

  private static func json(_ count: QuotaStanding.Count, _ more: [JSONMember]) -> JSON {
    .object(
      more + [
        JSONMember("used", .integer(Int64(count.used))),
        JSONMember("reserved", .integer(Int64(count.reserved))),
        JSONMember("limit", .integer(Int64(count.limit))),
        JSONMember("remaining", JSON(count.remaining)),
        JSONMember("resets_at", .string(UTC.timestamp(count.resetsAt))),
      ])
  }
}
