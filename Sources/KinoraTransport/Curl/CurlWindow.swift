/// How long a repeatable request waits for others to share its curl process.
///
/// A process costs 12 MiB, most of it the libraries of curl. Polls wait a moment. Jobs that end together
/// are seen by polls that are not quite due together, so a download waits longer, but only where
/// another job was polled lately: a job that is alone has nobody to wait for.
package struct CurlWindow: Sendable {
  /// What a download waits for company; beside a render of minutes nobody feels a second.
  package static let download = Duration.seconds(1)
  /// The same beside processes that download from the host already: twice as long for each, to here.
  package static let longest = Duration.seconds(4)
  /// Milliseconds for which a poll tells that its job may have a download.
  static let memory: Int64 = 60_000
  /// Addresses that are remembered.
  static let most = 8

  /// What a poll waits.
  package let poll: Duration
  private var polled: [(address: Int, at: Int64)] = []

  /// A window in which nothing was polled yet.
  package init(poll: Duration) { self.poll = poll }

  /// Notes that an address was asked, which is a job's own.
  package mutating func note(_ address: String, at now: Int64) {
    let address = address.hashValue
    polled.removeAll { $0.address == address || now - $0.at > Self.memory }
    polled.append((address, now))
    if polled.count > Self.most { polled.removeFirst() }
  }

  /// The wait of a download beside `processes` that download from its host.
  package func download(beside processes: Int, at now: Int64) -> Duration {
    guard polled.count(where: { now - $0.at <= Self.memory }) > 1 else { return poll }
    return min(max(poll, Self.download) * (1 << min(processes, 2)), Self.longest)
  }
}
