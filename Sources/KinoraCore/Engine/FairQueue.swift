package import KinoraModel

/// Whose turn it is: for each provider a ring of clients, for each client and provider a queue.
///
/// A client at its limit is parked and comes back into the ring when one of its places frees, so a
/// hundred jobs of one client never stand in front of another's one.
package struct FairQueue {
  private struct Fifo<Element> {
    private var items: [Element] = []
    private var head = 0
    var isEmpty: Bool { head == items.count }
    mutating func push(_ item: Element) { items.append(item) }
    mutating func pop() -> Element {
      let item = items[head]
      head += 1
      if head > 64, head * 2 > items.count {
        items.removeFirst(head)
        head = 0
      }
      return item
    }
  }
  private struct Provider {
    var limit = 0
    var running = 0
    var waiting = 0
    var ring = Fifo<String>()
    var queues: [String: Fifo<JobID>] = [:]

    // In place: a queue that is taken out to be added to is copied whole.
    mutating func add(_ job: JobID, client: String, isParked: Bool) {
      if queues[client]?.isEmpty ?? true, !isParked { ring.push(client) }
      queues[client, default: Fifo()].push(job)
      waiting += 1
    }

    mutating func pop(client: String) -> JobID? {
      guard queues[client]?.isEmpty == false else { return nil }
      return queues[client]?.pop()
    }

    /// Lets go of a client's empty queue, or puts the client at the end of the ring.
    mutating func turnIsOver(client: String) {
      if queues[client]?.isEmpty ?? true { queues[client] = nil } else { ring.push(client) }
    }
  }
  private struct Client {
    var running = 0
    var parkedAt: Set<String> = []
  }

  private var providers: [String: Provider] = [:]
  private var clients: [String: Client] = [:]
  /// The provider at which a job waits.
  private var waiting: [JobID: String] = [:]
  /// How many places a client has; 0 for no limit.
  private var clientLimit: @Sendable (String) -> Int

  package init(clientLimit: @escaping @Sendable (String) -> Int) { self.clientLimit = clientLimit }

  /// Sets what gives a client's places. Who was parked at the old limit is asked again.
  package mutating func setClientLimit(_ limit: @escaping @Sendable (String) -> Int) {
    clientLimit = limit
    for (client, row) in clients where !row.parkedAt.isEmpty {
      for name in row.parkedAt.sorted() { providers[name]?.ring.push(client) }
      clients[client]?.parkedAt = []
    }
  }

  /// Sets a provider's places; 0 for no limit.
  package mutating func setLimit(provider: String, _ limit: Int) {
    providers[provider, default: Provider()].limit = limit
  }

  /// Jobs that wait at a provider, or at all.
  func waitingCount(provider: String? = nil) -> Int {
    guard let provider else { return waiting.count }
    return providers[provider]?.waiting ?? 0
  }

  /// Places taken at a provider.
  func runningCount(provider: String) -> Int { providers[provider]?.running ?? 0 }

  /// Adds a job at the end of its client's queue; a job that waits already stays where it is.
  package mutating func add(_ job: JobID, client: String, provider: String) {
    guard waiting[job] == nil else { return }
    waiting[job] = provider
    let isParked = clients[client]?.parkedAt.contains(provider) == true
    providers[provider, default: Provider()].add(job, client: client, isParked: isParked)
  }

  /// A job that waits no more; its entry is skipped when it comes up.
  mutating func remove(_ job: JobID) {
    guard let provider = waiting.removeValue(forKey: job) else { return }
    providers[provider]?.waiting -= 1
  }

  /// Where a job stands in the order in which places would be given one by one. Counted when it is
  /// asked for, on a copy: nobody pays for a figure that nobody reads.
  package func place(of job: JobID) -> QueuePlace? {
    guard let name = waiting[job], var row = providers[name] else { return nil }
    let facts = (row.waiting, row.running, row.limit)
    for client in row.queues.keys.sorted() where clients[client]?.parkedAt.contains(name) == true {
      row.ring.push(client)
    }
    var position = 0
    while !row.ring.isEmpty {
      let client = row.ring.pop()
      var next: JobID?
      while next == nil, let found = row.pop(client: client) {
        if waiting[found] == name { next = found }
      }
      row.turnIsOver(client: client)
      guard let next else { continue }
      position += 1
      guard next != job else {
        return QueuePlace(
          position: position, waiting: facts.0, running: facts.1, limit: facts.2)
      }
    }
    return nil
  }

  /// The next job of a provider that may start now. Its places are taken.
  package mutating func next(provider name: String) -> JobID? {
    while let client = nextClient(provider: name) {
      let limit = clientLimit(client)
      if limit != 0, (clients[client]?.running ?? 0) >= limit {
        clients[client, default: Client()].parkedAt.insert(name)
        continue
      }
      var found: JobID?
      while found == nil, let job = providers[name]?.pop(client: client) {
        if waiting[job] != nil { found = job }
      }
      providers[name]?.turnIsOver(client: client)
      guard let found else { continue }
      remove(found)
      occupy(client: client, provider: name)
      return found
    }
    return nil
  }

  /// Takes the next client out of the ring of a provider that has a free place.
  private mutating func nextClient(provider name: String) -> String? {
    guard let row = providers[name], row.limit == 0 || row.running < row.limit,
      !row.ring.isEmpty
    else { return nil }
    return providers[name]?.ring.pop()
  }

  /// Takes places for a job that runs already (after a restart).
  mutating func occupy(client: String, provider: String) {
    providers[provider, default: Provider()].running += 1
    clients[client, default: Client()].running += 1
  }

  /// Frees a job's places. Returns the providers that may have work now.
  mutating func free(client: String, provider: String) -> [String] {
    providers[provider]?.running -= 1
    clients[client]?.running -= 1
    let woken = (clients[client]?.parkedAt ?? []).sorted()
    clients[client]?.parkedAt = []
    for name in woken { providers[name]?.ring.push(client) }
    return woken.contains(provider) ? woken : woken + [provider]
  }
}
