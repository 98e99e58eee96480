import KinoraCore
import KinoraModel

extension Configuration {
  /// The effective configuration for people. It holds sources of secrets, never a secret.
  var json: JSON {
    var listen: [JSONMember] = [
      JSONMember(
        "unix",
        [
          "path": .string(unix.path), "mode": .string("0" + String(unix.mode, radix: 8)),
          "group": JSON(unix.group),
        ])
    ]
    if let tcp {
      listen.append(
        JSONMember(
          "tcp",
          [
            "address": .string("\(tcp.address):\(tcp.port)"), "keys_file": .string(tcp.keysFile),
            "cors_origins": .array(tcp.crossOrigins.map { .string($0) }),
          ]))
    }
    return [
      "version": 1, "state_dir": .string(stateDirectory),
      "plugin_path": .array(pluginPath.map { .string($0) }), "curl": .string(curlPath),
      "listen": .object(listen),
      "providers": .object(providers.map { JSONMember($0.name, Self.json($0)) }),
      "routes": .object(
        routes.sorted { $0.key < $1.key }.map { name, models in
          JSONMember(name, .array(models.map { .string($0) }))
        }),
      "defaults": ["model": JSON(defaultModel)],
      "limits": [
        "max_queued": .integer(Int64(maxQueued)), "concurrency": .integer(Int64(clientConcurrency)),
        "max_queue_wait": .string("\(queueWait / 1000)s"),
      ],
      "budgets": [
        "host": ["usd_per_day": hostBudget.map { .string(String($0.dollars.dropFirst())) } ?? .null]
      ],
      "clients": clients.map { .object($0.map { JSONMember($0.name, Self.json($0)) }) } ?? .null,
      "doors": [
        "storage_backend": [
          "customers": .object(
            customers.sorted { $0.key < $1.key }.map { JSONMember($0.key, Self.json($0.value)) })
        ]
      ],
      "delivery": [
        "ttl": .string("\(deliveryLife / 1000)s"),
        "profiles": .object(
          deliveryProfiles.sorted { $0.key < $1.key }.map {
            JSONMember($0.key, ["max_bytes": .integer($0.value)])
          }),
      ],
      "forms": [
        "default_duration_seconds": JSON(forms.defaultSeconds),
        "max_duration_seconds": JSON(forms.maxSeconds), "max_fps": .integer(Int64(forms.maxFPS)),
      ],
      "styles": Self.json(styles),
      "retention": [
        "events": .string("\(eventLife / 1000)s"),
        "jobs": JSON(jobLife.map { "\($0 / 1000)s" }),
      ],
      "log": ["level": .string(logLevel)],
    ]
  }

  private static func json(_ client: ClientRules) -> JSON {
    func strings(_ list: [String]?) -> JSON { list.map { .array($0.map { .string($0) }) } ?? .null }
    func dollars(_ amount: MicroUSD?) -> JSON {
      amount.map { .string(String($0.dollars.dropFirst())) } ?? .null
    }
    let scopes = ClientScope.allCases.filter(client.scopes.contains).map(\.rawValue)
    return [
      "principals": strings(client.principals), "scopes": strings(scopes),
      "concurrency": .integer(Int64(client.concurrency)), "providers": strings(client.providers),
      "models": strings(client.models), "styles": json(client.styles),
      "budget": [
        "usd_per_day": dollars(client.dayCap), "usd_per_month": dollars(client.monthCap),
        "usd_per_user_per_day": dollars(client.userDayCap),
      ],
    ]
  }

  private static func json(_ styles: [String: StylePreset]) -> JSON {
    .object(
      styles.sorted { $0.key < $1.key }.map { name, style in
        JSONMember(
          name, ["prompt": .string(style.prompt), "negative": JSON(style.negative)])
      })
  }

  private static func json(_ customers: Customers) -> JSON {
    switch customers {
    case .all: "all"
    case .only(let list): .array(list.sorted().map { .integer($0) })
    }
  }

  private static func json(_ provider: ProviderSettings) -> JSON {
    let credentials = provider.credentials.sorted { $0.key < $1.key }.map { name, source in
      let value: JSON =
        switch source {
        case .file(let path): ["file": .string(path)]
        case .folder(let path, let match): ["folder": .string(path), "match": .string(match)]
        case .systemd(let name): ["systemd": .string(name)]
        case .environment(let name): ["env": .string(name)]
        }
      return JSONMember(name, value)
    }
    return [
      "plugin": .string(provider.plugin), "base_url": JSON(provider.baseURL),
      "transport": .string(provider.transport?.rawValue ?? "auto"),
      "credentials": .object(credentials),
      "max_concurrent": .integer(Int64(provider.maxConcurrent)), "ca_file": JSON(provider.caFile),
      "proxy": JSON(provider.proxy),
      "assume_usd": provider.assumeCost.map { .string(String($0.dollars.dropFirst())) } ?? .null,
      "allow_private": .bool(provider.allowsPrivate), "poll_speed": JSON(provider.pollSpeed),
      "enabled": .bool(provider.isEnabled), "options": provider.options,
      "models": provider.models ?? .null,
    ]
  }
}
