import KinoraModel
import KinoraPluginHost

extension Check {
  /// Where its requests go and what they carry.
  static let reach: [Check] = [
    Check(
      name: "hosts",
      demand: "requests go to base_url or to hosts of the catalog, whatever an answer says"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      var origins: Set<String> = []
      for event in try subject.events(plugin) {
        guard case .send(let request) = try plugin.step(event).verdict else { continue }
        let reach = Reach(plugin.catalog, event)
        guard let origin = Reach.origin(request.url), reach.allows(origin) else {
          throw wrong(
            "\(describe(event)): a request to \(request.url.prefix(120)), which is neither under "
              + "base_url nor among the catalog's hosts: the host refuses it")
        }
        origins.insert(origin)
      }
      return origins.isEmpty ? "no requests" : origins.sorted().joined(separator: ", ")
    },
    Check(
      name: "secrets",
      demand: "requests name declared credentials only, results none for another's host"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      let catalog = plugin.catalog
      let known = Set(catalog.credentials.map(\.name) + (catalog.sign?.members ?? []).map(\.key))
      var used: Set<String> = []
      for event in try subject.events(plugin) {
        let step = try plugin.step(event)
        switch step.verdict {
        case .send(let request):
          let texts = [request.url] + request.fields.map(\.value)
          used.formUnion(texts.flatMap(Reach.credentials))
        case .succeed(let result):
          try assets(result, Reach(catalog, event), event)
        default: break
        }
        // `account.project_id` is a member of the credential `account`.
        if let stray = used.first(where: { name in
          !known.contains(name) && !known.contains(String(name.prefix { $0 != "." }))
        }) {
          throw wrong(
            "\(describe(event)): a header or an address holds {{credential:\(stray)}}, which the "
              + "catalog does not declare; a user's text in an address must be percent-encoded")
        }
      }
      return used.isEmpty ? "none used" : used.sorted().joined(separator: ", ")
    },
  ]

  /// A key may go with a download from the provider's own hosts only.
  private static func assets(_ result: [UInt8], _ reach: Reach, _ event: PluginEvent)
    throws(KinoraError)
  {
    for asset in (try? JSON.parse(result))?["assets"]?.array ?? [] {
      let carries = (asset["headers"]?.members ?? []).contains {
        !Reach.credentials($0.value.string ?? "").isEmpty
      }
      guard carries, let url = asset["url"]?.string else { continue }
      guard let origin = Reach.origin(url), reach.allows(origin) else {
        throw wrong("\(describe(event)): the result sends a credential to \(url.prefix(120))")
      }
    }
  }
}

/// Where a plugin may send requests for an event.
private struct Reach {
  private let base: String?
  private let hosts: [String]

  init(_ catalog: Catalog, _ event: PluginEvent) {
    let config = try? JSON.parse(event.config)
    base = Reach.origin(config?["base_url"]?.string ?? catalog.baseURL)
    hosts = catalog.hosts.map { $0.lowercased() }
  }

  /// `https://api.example.com:8443` in small letters; nil for what is no address or names a user.
  static func origin(_ url: String) -> String? {
    guard let end = url.firstRange(of: "://") else { return nil }
    let authority = url[end.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.isEmpty, !authority.contains("@") else { return nil }
    return url[..<end.lowerBound].lowercased() + "://" + authority.lowercased()
  }

  func allows(_ origin: String) -> Bool {
    if origin == base { return true }
    guard origin.hasPrefix("https://") else { return false }
    let host = origin.dropFirst("https://".count)
    return hosts.contains { name in
      name.hasPrefix("*.") ? host.hasSuffix(name.dropFirst()) : host == name
    }
  }

  /// The names in `{{credential:NAME}}`.
  static func credentials(_ text: String) -> [String] {
    text.split(separator: "{{credential:", omittingEmptySubsequences: false).dropFirst()
      .compactMap { rest in rest.firstRange(of: "}}").map { String(rest[..<$0.lowerBound]) } }
  }
}
