import KinoraModel

/// Whose turn it is: for each provider a ring of clients, for each client and provider a queue.
///
/// A client at its limit is parked and comes back into the ring when one of its places frees, so a
/// hundred jobs of one client never stand in front of another's one.
struct FairQueue {
  private struct Fifo<Element> {
    private var items: [Element] = []
    private var head = 0
    var isEmpty: Bool { head == items.count }
    var rest: ArraySlice<Element> { items[head...] }
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
    var ring = Fifo<String>()
    var queues: [String: Fifo<JobID>] = [:]
  }
  private struct Client {
    var running = 0
    var parkedAt: Set<String> = []
  }

  private var providers: [String: Provider] = [:]
  private var clients: [String: Client] = [:]
  private var waiting: Set<JobID> = []
  /// How many places a client has; 0 for no limit.
  private let clientLimit: @Sendable (String) -> Int

  init(clientLimit: @escaping @Sendable (String) -> Int) { self.clientLimit = clientLimit }

  /// Sets a provider's places; 0 for no limit.
  mutating func setLimit(provider: String, _ limit: Int) {
    providers[provider, default: Provider()].limit = limit
  }

  /// Jobs that wait at a provider, or at all.
  func waitingCount(provider: String? = nil) -> Int {
    guard let provider else { return waiting.count }
    return providers[provider]?.queues.values.reduce(0) {
      $0 + $1.rest.count { waiting.contains($0) }
    } ?? 0
  }

  /// Places taken at a provider.
  func runningCount(provider: String) -> Int { providers[provider]?.running ?? 0 }

  /// Adds a job at the end of its client's queue; a job that waits already stays where it is.
  mutating func add(_ job: JobID, client: String, provider: String) {
    guard waiting.insert(job).inserted else { return }
    var row = providers[provider] ?? Provider()
    if row.queues[client]?.isEmpty ?? true,
      clients[client]?.parkedAt.contains(provider) != true
    {
      row.ring.push(client)
    }
    row.queues[client, default: Fifo()].push(job)
    providers[provider] = row
  }

  /// A job that waits no more; its entry is skipped when it comes up.
  mutating func remove(_ job: JobID) { waiting.remove(job) }

  /// The next job of a provider that may start now. Its places are taken.
  mutating func next(provider name: String) -> JobID? {
    guard var row = providers[name] else { return nil }
    defer { providers[name] = row }
    while row.limit == 0 || row.running < row.limit, !row.ring.isEmpty {
      let client = row.ring.pop()
      let limit = clientLimit(client)
      if limit != 0, (clients[client]?.running ?? 0) >= limit {
        clients[client, default: Client()].parkedAt.insert(name)
        continue
      }
      guard var queue = row.queues[client] else { continue }
      var found: JobID?
      while found == nil, !queue.isEmpty {
        let job = queue.pop()
        if waiting.remove(job) != nil { found = job }
      }
      if queue.isEmpty {
        row.queues[client] = nil
      } else {
        row.queues[client] = queue
        row.ring.push(client)
      }
      guard let found else { continue }
      row.running += 1
      clients[client, default: Client()].running += 1
      return found
    }
    return nil
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
