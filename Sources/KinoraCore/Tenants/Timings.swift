public import KinoraModel
import Synchronization

/// What finished jobs took, by model: measured, so that nobody has to guess how long to wait.
public final class Timings: Sendable {
  private struct Ring {
    var values: [Milliseconds] = []
    var next = 0
  }
  private let rings = Mutex<[String: Ring]>([:])
  /// Jobs of a model that are remembered.
  private static let size = 100
  /// Fewer say nothing.
  private static let fewest = 3

  /// Nothing measured yet.
  public init() {}

  /// Takes a job into account if it is completed.
  public func note(_ record: JobRecord) {
    guard record.state == .completed, let end = record.endedAt, end >= record.createdAt else {
      return
    }
    rings.withLock { rings in
      var ring = rings.removeValue(forKey: Self.key(record.provider, record.model)) ?? Ring()
      if ring.values.count < Self.size {
        ring.values.append(end - record.createdAt)
      } else {
        ring.values[ring.next] = end - record.createdAt
        ring.next = (ring.next + 1) % Self.size
      }
      rings[Self.key(record.provider, record.model)] = ring
    }
  }

  /// What is usual for a model; nil with too few jobs.
  public func typical(provider: String, model: String) -> TypicalTime? {
    let values = rings.withLock { $0[Self.key(provider, model)]?.values ?? [] }.sorted()
    guard values.count >= Self.fewest else { return nil }
    func rank(_ percent: Int) -> Milliseconds {
      values[min(values.count - 1, (values.count * percent + 99) / 100 - 1)]
    }
    return TypicalTime(median: rank(50), most: rank(90))
  }

  private static func key(_ provider: String, _ model: String) -> String { "\(provider)/\(model)" }
}
