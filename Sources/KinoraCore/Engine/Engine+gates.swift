import KinoraModel

/// What keeps paid submits from leaving: a pause, a drain, an edge in front of a provider.
extension Engine {
  func canStart(_ provider: String) -> Bool {
    !isPaused && !isDraining && gates[provider] == nil
      && index.entries.contains { $0.settings.name == provider && $0.settings.isEnabled }
  }

  /// Stops paid submits, or lets them go on.
  public func setPaused(_ paused: Bool) {
    isPaused = paused
    if !paused { kickAll() }
  }

  /// Takes a new configuration.
  public func configure(
    _ new: ModelIndex, clientLimit: @escaping @Sendable (String) -> Int
  ) {
    index = new
    fair.setClientLimit(clientLimit)
    for entry in new.entries {
      pacings[entry.settings.name] = Pacing(speed: entry.settings.pollSpeed)
      fair.setLimit(provider: entry.settings.name, entry.settings.maxConcurrent)
    }
    kickAll()
  }

  private func kickAll() {
    for name in Set(index.entries.map(\.settings.name)).sorted() { kick(name) }
  }

  func degrade(_ provider: String) {
    guard gates[provider] == nil else { return }
    gates[provider] =
      "an edge in front of \(provider) answers HTML instead of the provider; "
      + "no paid submit leaves until a free request is answered with JSON"
    for (id, slot) in slots
    where slot.job.record.provider == provider && slot.job.record.state == .queued {
      deliver(id, .mustWait(gates[provider] ?? ""))
    }
    Task { await probe(provider) }
  }

  func recovered(_ provider: String) {
    guard gates.removeValue(forKey: provider) != nil else { return }
    kick(provider)
  }

  /// Asks the provider something free until it answers as itself.
  private func probe(_ provider: String) async {
    var failures = 1
    while gates[provider] != nil, !isDraining {
      let wait = max(5000, Pacing.backoff(failures: failures, jitter: 0.5))
      await parts.clock.sleep(untilSteady: parts.clock.steady() + wait)
      guard let entry = index.entries.first(where: { $0.settings.name == provider }) else {
        // It was taken out of the configuration. Should it come back, it begins with a clean slate.
        gates[provider] = nil
        return
      }
      let request = ProviderRequest(
        method: "GET", url: entry.settings.baseURL + (entry.catalog.probe ?? "/"),
        isIdempotent: true, timeout: 20_000)
      let exchange = await parts.transport.send(request, provider: provider, permit: nil)
      if case .response(let response) = exchange.outcome, !response.isHTML, response.isJSON {
        recovered(provider)
        return
      }
      failures += 1
    }
  }

  /// What people and health checks want to know.
  public struct Status: Sendable {
    /// Jobs that have a slot.
    public var live: Int
    /// Jobs that wait for a place, by provider.
    public var queued: [String: Int]
    /// Places taken, by provider.
    public var running: [String: Int]
    /// Why a provider gets no paid submits.
    public var gates: [String: String]
    /// Paid submits are paused.
    public var isPaused: Bool
    /// The daemon is stopping.
    public var isDraining: Bool
    /// Paid requests on their way.
    public var paidUnderWay: Int
    /// Polls and other wake-ups that are set.
    public var waiting: Int
  }

  /// The present status. That it answers is the proof that the engine turns.
  public func status() -> Status {
    var queued: [String: Int] = [:]
    var running: [String: Int] = [:]
    for name in Set(index.entries.map(\.settings.name)) {
      queued[name] = fair.waitingCount(provider: name)
      running[name] = fair.runningCount(provider: name)
    }
    return Status(
      live: slots.count, queued: queued, running: running, gates: gates, isPaused: isPaused,
      isDraining: isDraining, paidUnderWay: paidUnderWay, waiting: due.count)
  }
}
