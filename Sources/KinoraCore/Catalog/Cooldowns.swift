public import KinoraModel
import Synchronization

/// Models that routes leave alone for a while, because they certainly refused a job or could not be
/// reached. A model that is asked for by its own name is never left alone. Kept in memory: a restart
/// forgets, and so does time, so nothing is stuck.
public final class Cooldowns: Sendable {
  /// Until when a model is left alone, and why.
  public struct Entry: Sendable, Equatable {
    /// Wall time.
    public var until: Milliseconds
    /// The refusal.
    public var why: String
  }

  /// How long a model is left alone, in milliseconds.
  public static let length: Milliseconds = 300_000

  private let entries = Mutex<[String: Entry]>([:])

  /// Nothing is left alone yet.
  public init() {}

  /// Leaves `PROVIDER/MODEL` alone from now on.
  public func add(_ model: String, _ why: String, now: Milliseconds) {
    entries.withLock { $0[model] = Entry(until: now + Self.length, why: why) }
  }

  /// Why `PROVIDER/MODEL` is left alone, or nil.
  public func entry(_ model: String, now: Milliseconds) -> Entry? {
    entries.withLock { entries in
      guard let entry = entries[model] else { return nil }
      // A clock that was set back must not keep it out for longer than it may be.
      if entry.until > now, entry.until - now <= Self.length { return entry }
      entries[model] = nil
      return nil
    }
  }
}
