import KinoraHTTP
import KinoraModel

/// Answers all requests: writes them down, asks the faults, then the provider.
struct Service: HTTPService {
  /// Bytes of a body; providers take images inside JSON.
  private static let bodyLimit = 64 << 20

  let world: World
  let control: Control
  private let providers: [String: any Provider]

  init(world: World) {
    self.world = world
    control = Control(world: world)
    providers = Dictionary(uniqueKeysWithValues: Providers.all(world).map { ($0.name, $0) })
  }

  func plan(_ request: HTTPRequest) -> HTTPBodyPlan { .collect(limit: Self.bodyLimit) }

  func respond(_ request: HTTPRequest) -> HTTPReply {
    let parts = Call.split(request.path)
    if parts.first == "_sim" {
      return .later { [control] in await Task.detached { await control.answer(request) }.value }
    }
    // On the loop, so that the log's order is the order of arrival.
    let ticket = world.journal.append(.requests, LogEntry(request, at: now()).json.bytes)
    return .later {
      await Task.detached {
        let response = await serve(request, parts)
        await world.journal.durable(ticket)
        return response
      }.value
    }
  }

  private func serve(_ request: HTTPRequest, _ parts: [String]) async -> HTTPResponse {
    guard let name = parts.first, let provider = providers[name] else {
      return .json(404, ["error": ["message": "no such provider", "code": 404]])
    }
    let call = Call(request, path: Array(parts.dropFirst()))
    let route = provider.route(call)
    if let id = route.job, let job = world.jobs[id], job.outcomes.isEmpty {
      for outcome in world.faults.ordered(route.subject, name) { world.jobs.doom(id, outcome) }
    }
    guard let strike = world.faults.strike(route, provider: name, path: request.path) else {
      return Damage.chunked(await route.perform(nil), route)
    }
    let damage = Damage(strike: strike, call: call, route: route, provider: provider)
    switch strike.fault.moment {
    case .before: return damage.answer
    case .after: return await damage.spoil(await route.perform(nil))
    case .twist, .outcome: return Damage.chunked(await route.perform(strike.fault), route)
    }
  }

  func refusal(status: Int, reason: String) -> HTTPResponse {
    .json(status, ["error": ["message": .string(reason), "code": JSON(status)]])
  }

  func ended(connection: UInt64) {}
}
