/// Durable jobs, events and money. One store belongs to one daemon at a time.
///
/// `commit` calls are answered in the order they were made; several share one fsync. When it has
/// returned, the change survives a power cut. A store that cannot say so throws `storeFailed`, and
/// the daemon must end: it never tries the same fsync again.
public protocol JobStore: Sendable {
  /// Makes one change, whole or not at all. Throws `budgetExceeded` (field: the scope, message: cap
  /// and what is left), `quotaExceeded` (facts: scope, limit, resets_at), `idempotencyConflict` (message: the job id that holds the key) or
  /// `storeFailed`; the other members of its batch are not touched by its refusal.
  /// - Returns: the new events with their `seq`.
  func commit(_ change: StoreChange) async throws(KinoraError) -> [JobEvent]

  /// All jobs that are not terminal, are outwardly over with money open, or have a tail.
  func openJobs() async throws(KinoraError) -> [JobRecord]
  /// One job, whoever owns it.
  func job(_ id: JobID) async throws(KinoraError) -> JobRecord?
  /// One page of jobs, newest first unless asked otherwise.
  func jobs(_ query: JobQuery) async throws(KinoraError) -> JobPage
  /// The job that an idempotency key of this client belongs to, with the hash it was made with.
  func idempotent(client: String, key: String) async throws(KinoraError) -> (
    job: JobID, fingerprint: String
  )?
  /// The jobs of this client with the same canonical fields, made at `since` or later, newest first.
  func recent(client: String, fingerprint: String, since: Milliseconds) async throws(KinoraError)
    -> [JobID]
  /// Events with `after < seq ≤ upTo`, of one job, of one client, or of all, at most `limit`.
  func events(
    after: Int64, upTo: Int64, job: JobID?, client: String?, limit: Int
  ) async throws(KinoraError) -> [JobEvent]
  /// The last seq that is committed.
  func head() async -> Int64
  /// The first seq that retention has kept.
  func tail() async -> Int64
  /// Budget rows of one UTC day, or of all days when nil.
  func usage(day: String?, scopePrefix: String?) async throws(KinoraError) -> [UsageRow]
  /// Evidence of one job, oldest first.
  func evidence(_ id: JobID) async throws(KinoraError) -> [EvidenceRow]
  /// Sums that do not agree between jobs, holds, budgets and ledger; empty when all is exact.
  func moneyDifferences() async throws(KinoraError) -> [String]
  /// Answers when the writer does: the watchdog asks.
  func ping() async throws(KinoraError)
}

/// One member of a group commit.
public struct StoreChange: Sendable {
  /// A new job's row.
  public var insert: JobRecord?
  /// The key that the new job answers for.
  public var idempotencyKey: String?
  /// Hash of the new job's canonical fields; stored with every job, with or without a key.
  public var fingerprint: String?
  /// A changed job's row.
  public var update: JobRecord?
  /// A job that is removed, with its events; its files are swept later.
  public var delete: JobID?
  /// What happened, in order.
  public var events: [NewEvent] = []
  /// What happens to the money.
  public var money: MoneyMove?
  /// What happens to the tenant's quota.
  public var quota: QuotaMove?
  /// What was learned.
  public var evidence: [EvidenceRow] = []

  /// Nothing yet.
  public init() {}

  /// An event before the store numbered it.
  public struct NewEvent: Sendable {
    /// Position in the job's own log.
    public var number: Int
    /// When.
    public var at: Milliseconds
    /// Its word.
    public var type: String
    /// JSON object.
    public var data: [UInt8]

    /// An event.
    public init(number: Int, at: Milliseconds, type: String, data: [UInt8]) {
      self.number = number
      self.at = at
      self.type = type
      self.data = data
    }
  }
}

/// What one change does to the money of its job.
public enum MoneyMove: Sendable, Equatable {
  /// Reserve `amount` in each scope with its cap (nil: no cap), or refuse the change.
  case reserve(day: String, amount: MicroUSD, scopes: [BudgetScope])
  /// Give the reservation back and book `spent`, in full, even above the reservation. Once only: a
  /// second one changes nothing.
  case settle(spent: MicroUSD)
  /// Give the reservation back. Once only.
  case release
}

/// A budget that a job counts against.
public struct BudgetScope: Sendable, Equatable {
  /// `host`, `client:NAME`, `user:CLIENT/NAME` or `month:CLIENT`.
  public var name: String
  /// What its period may cost; nil for no limit.
  public var cap: MicroUSD?

  /// The period of a scope that a UTC day belongs to: its month (`2026-11`) for `month:…`, else the
  /// day itself.
  public static func period(of name: String, day: String) -> String {
    name.hasPrefix("month:") ? String(day.prefix(7)) : day
  }

  /// A scope.
  public init(_ name: String, cap: MicroUSD?) {
    self.name = name
    self.cap = cap
  }
}

/// One budget on one day.
public struct UsageRow: Sendable, Equatable {
  /// The scope's name.
  public var scope: String
  /// UTC day, `2026-11-21`, or month, `2026-11`.
  public var day: String
  /// The cap when the row was last reserved against; nil for none.
  public var cap: MicroUSD?
  /// Reserved and not yet settled.
  public var reserved: MicroUSD
  /// Booked.
  public var spent: MicroUSD

  /// Files of completed jobs.
  public var results: Int64
  /// How long the videos among them are together.
  public var video: Milliseconds

  /// A row.
  public init(
    scope: String, day: String, cap: MicroUSD?, reserved: MicroUSD, spent: MicroUSD,
    results: Int64 = 0, video: Milliseconds = 0
  ) {
    self.scope = scope
    self.day = day
    self.cap = cap
    self.reserved = reserved
    self.spent = spent
    self.results = results
    self.video = video
  }
}

/// Which jobs to list.
public struct JobQuery: Sendable {
  /// Only this client's; nil for all.
  public var client: String?
  /// Only in these states; empty for all.
  public var states: [JobState] = []
  /// Only with these metadata members.
  public var metadata: [String: String] = [:]
  /// Only of this provider.
  public var provider: String?
  /// Continue after this job, in the order asked for.
  public var after: JobID?
  /// Most rows, 1…1000.
  public var limit: Int = 20
  /// Oldest first.
  public var ascending: Bool = false

  /// All jobs, newest first, 20 a page.
  public init() {}
}

/// One page of jobs.
public struct JobPage: Sendable {
  /// The rows.
  public var jobs: [JobRecord]
  /// True when more follow.
  public var hasMore: Bool

  /// A page.
  public init(jobs: [JobRecord], hasMore: Bool) {
    self.jobs = jobs
    self.hasMore = hasMore
  }
}
