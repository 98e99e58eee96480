public import KinoraModel
import Synchronization

/// Jobs as they stand after their last commit, for readers on any thread.
///
/// Live jobs are always here; finished ones as long as there is room. The outward form is made when a
/// version is first read, and shared from then on.
public final class JobDirectory: Sendable {
  /// What a reader gets. A class, so that a reader takes one reference and not forty: a read is then
  /// a tenth of a microsecond instead of a whole one.
  public final class Entry: Sendable {
    /// The record after its last commit.
    public let record: JobRecord
    private let life: Milliseconds?
    private let render: Render
    private let made = Mutex<[UInt8]?>(nil)

    init(record: JobRecord, life: Milliseconds?, render: @escaping Render) {
      self.record = record
      self.life = life
      self.render = render
    }

    /// The outward JSON of that version. Ten thousand jobs that nobody looks at cost none.
    public var rendered: [UInt8] {
      made.withLock { made in
        if let made { return made }
        let bytes = render(record, life)
        made = bytes
        return bytes
      }
    }
  }

  /// The outward form of a record, on a host that keeps finished jobs for so long (nil: for ever).
  public typealias Render = @Sendable (_ record: JobRecord, _ life: Milliseconds?) -> [UInt8]

  private struct State {
    var life: Milliseconds?
    var entries: [JobID: Entry] = [:]
    var finished: [JobID] = []
    var oldest = 0
    var counts: [JobState: Int] = [:]
    var staged: [JobID: JobRecord] = [:]
  }
  private let state = Mutex(State())
  private let capacity: Int
  private let render: Render

  /// - Parameters:
  ///   - capacity: finished jobs that are in memory, 6 KiB each with their outward form
  ///   - render: the outward form of a record
  public init(capacity: Int = 12_000, rendering render: @escaping Render) {
    self.capacity = capacity
    self.render = render
  }

  /// The same, where the form does not tell how long a job is kept.
  public convenience init(
    capacity: Int = 12_000, render: @escaping @Sendable (JobRecord) -> [UInt8]
  ) {
    self.init(capacity: capacity) { record, _ in render(record) }
  }

  /// Finished jobs are kept for so long from now on; what was rendered before says otherwise.
  func keepJobs(_ life: Milliseconds?) {
    state.withLock { state in
      guard state.life != life else { return }
      state.life = life
      state.entries = state.entries.mapValues {
        Entry(record: $0.record, life: life, render: render)
      }
    }
  }

  /// Announces a record whose commit is under way.
  public func stage(_ record: JobRecord) {
    state.withLock { $0.staged[record.id] = record }
  }

  /// Puts the announced records of committed events. Called before anybody is told of the events, so
  /// that whoever hears of one finds the job as it was then, or newer.
  public func promote(_ events: [JobEvent]) {
    let records = state.withLock { state in
      events.compactMap { event -> JobRecord? in
        guard let record = state.staged[event.job], record.sequence == event.number else {
          return nil
        }
        state.staged[event.job] = nil
        return record
      }
    }
    for record in records { put(record) }
  }

  /// Puts an announced record after its commit, unless an event of that commit did it already.
  public func settle(_ record: JobRecord) {
    let isOpen = state.withLock { $0.staged.removeValue(forKey: record.id) != nil }
    if isOpen { put(record) }
  }

  /// Forgets the announcement of a record whose commit was refused.
  public func unstage(_ id: JobID) { state.withLock { _ = $0.staged.removeValue(forKey: id) } }

  /// Puts a record as it is on disk.
  public func put(_ record: JobRecord) { put(record, unlessPresent: false) }

  private func put(_ record: JobRecord, unlessPresent: Bool) {
    let isOver = record.state.isTerminal && record.tailUntil == nil
    state.withLock { state in
      let entry = Entry(record: record, life: state.life, render: render)
      if unlessPresent, state.entries[record.id] != nil { return }
      if let before = state.entries.updateValue(entry, forKey: record.id) {
        state.counts[before.record.state, default: 0] -= 1
      }
      state.counts[record.state, default: 0] += 1
      guard isOver else { return }
      state.finished.append(record.id)
      while state.finished.count - state.oldest > capacity {
        Self.drop(state.finished[state.oldest], from: &state)
        state.oldest += 1
      }
      if state.oldest > 1024, state.oldest * 2 > state.finished.count {
        state.finished.removeFirst(state.oldest)
        state.oldest = 0
      }
    }
  }

  /// Keeps a record that was read from disk, unless a newer version is here by now.
  func keep(_ record: JobRecord) { put(record, unlessPresent: true) }

  /// The job, or nil when it is not in memory.
  public func get(_ id: JobID) -> Entry? { state.withLock { $0.entries[id] } }

  /// Forgets a deleted job.
  public func remove(_ id: JobID) { state.withLock { Self.drop(id, from: &$0) } }

  /// Jobs in memory by state; complete for all states that are not terminal.
  public func counts() -> [JobState: Int] { state.withLock { $0.counts } }

  private static func drop(_ id: JobID, from state: inout State) {
    guard let entry = state.entries.removeValue(forKey: id) else { return }
    state.counts[entry.record.state, default: 0] -= 1
  }
}
