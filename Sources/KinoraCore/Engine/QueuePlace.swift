public import KinoraModel

/// Where a job stands that waits for a place of its provider.
public struct QueuePlace: Sendable, Equatable {
  /// 1 for the one that gets the next place, were no client at its limit.
  public var position: Int
  /// Jobs that wait at this provider, of all clients.
  public var waiting: Int
  /// Places that are taken.
  public var running: Int
  /// Places there are; 0 for no limit.
  public var limit: Int

  /// A place.
  public init(position: Int, waiting: Int, running: Int, limit: Int) {
    self.position = position
    self.waiting = waiting
    self.running = running
    self.limit = limit
  }
}

extension Engine {
  /// Where a job waits; nil for one that does not.
  public func place(of id: JobID) -> QueuePlace? { fair.place(of: id) }
}

extension JobService {
  /// Where a job waits; nil for one that does not.
  public func place(_ record: JobRecord) async -> QueuePlace? {
    record.state == .queued ? await engine.place(of: record.id) : nil
  }
}
