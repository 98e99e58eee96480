import KinoraCore
import KinoraHTTP
import KinoraModel

/// `/v1/tenants`: whom a client serves, with which model and how often.
extension APIService {
  func listTenants(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["client"])
      let client = call.viewer.isAdmin ? query["client"] : try Self.client(query, call)
      let tenants = try await service.allTenants(client: client)
      return Answer.json(["object": "list", "data": .array(tenants.map(shown))])
    }
  }

  func getTenant(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let (client, name) = try Self.named(call)
      return Answer.json(shown(service.tenants.settings(client: client, name)))
    }
  }

  func putTenant(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let (client, name) = try Self.named(call)
      let policy = service.policy
      let fields = try TenantFields(
        try parsed(call.request), policy.index, profiles: Array(policy.deliveryProfiles.keys))
      let now = clock.now()
      let tenant = try await service.updateTenant(client: client, name) {
        (tenant) throws(KinoraError) in
        try fields.apply(to: &tenant, now: now)
      }
      return Answer.json(shown(tenant))
    }
  }

  func tenantQuota(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let query = try call.query(["client", "user"])
      let (client, name) = try Self.named(call, query)
      let user = query["user"]
      var members = [JSONMember("object", "quota"), JSONMember("tenant", .string(name))]
      for kind in QuotaKind.allCases {
        let standing = try await service.quota(
          client: client, tenant: name, kind: kind, user: user ?? "")
        members.append(
          JSONMember(kind.rawValue, TenantRenderer.json(standing, user: user)))
      }
      return Answer.json(.object(members))
    }
  }

  func resetQuota(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let (client, name) = try Self.named(call)
      let body = try parsed(call.request)
      let fields = FieldReader(json: body.json, body: body)
      try fields.only(["scope", "user", "kind"])
      let kinds = QuotaKind.allCases.map(\.rawValue)
      guard let kind = QuotaKind(rawValue: try fields.string("kind", most: 16) ?? "video") else {
        throw fields.error("kind", "must be video or image", kinds)
      }
      let user = try fields.string("user", most: 256)
      let reset: QuotaReset
      switch (try fields.string("scope", most: 16), user) {
      case ("user", let user?): reset = .user(user)
      case ("user", nil): throw fields.error("user", "is missing: whose day begins anew")
      case ("pool", nil): reset = .pool
      case ("pool", _): throw fields.error("user", "goes with the scope user alone")
      default: throw fields.error("scope", "must be user or pool", ["user", "pool"])
      }
      try await service.resetQuota(
        reset, client: client, tenant: name, kind: kind, call.viewer)
      let standing = try await service.quota(
        client: client, tenant: name, kind: kind, user: user ?? "")
      return Answer.json([
        "object": "quota", "tenant": .string(name),
        kind.rawValue: TenantRenderer.json(standing, user: user),
      ])
    }
  }

  func confirmDelivery(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      Answer.json(rendered(try await service.confirmDelivery(call.job, call.viewer), call.viewer))
    }
  }

  private func shown(_ tenant: TenantSettings) -> JSON {
    TenantRenderer.json(
      tenant, maxOutputBytes: service.maxOutputBytes(tenant), service.policy.index)
  }

  // MARK: Whose

  /// The client and the tenant that a path names. An administrator names another client's with
  /// `?client=`.
  static func named(
    _ call: Call, _ query: HTTPQuery? = nil
  ) throws(KinoraError) -> (client: String, tenant: String) {
    let given = if let query { query } else { try call.query(["client"]) }
    return (try client(given, call), try tenant(call.values.first ?? ""))
  }

  static func client(_ query: HTTPQuery, _ call: Call) throws(KinoraError) -> String {
    guard let client = query["client"], client != call.viewer.client else {
      return call.viewer.client
    }
    guard call.viewer.isAdmin else {
      throw KinoraError(
        .forbidden, "another client's tenants are for administrators", field: "client",
        allowed: [call.viewer.client])
    }
    return client
  }

  /// A tenant's name. Throws `badField` unless it has 1 to 128 bytes without controls and slashes.
  static func tenant(_ name: String) throws(KinoraError) -> String {
    guard (1...128).contains(name.utf8.count),
      name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") })
    else {
      throw KinoraError(
        .badField, "tenant must have 1 to 128 bytes and neither control characters nor slashes",
        field: "tenant", allowed: ["1…128 bytes"])
    }
    return name
  }
}
