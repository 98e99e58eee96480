import KinoraModel

/// Moves money inside a savepoint of the writer's transaction. A refusal at any scope takes back
/// what the scopes before it got, because the savepoint is rolled back.
struct MoneyWriter {
  let connection: Connection

  func apply(_ move: MoneyMove, job: Int64, _ record: JobRecord) throws(MemberFailure) {
    switch move {
    case .reserve(let day, let amount, let scopes):
      try reserve(amount, day: day, scopes: scopes, job: job, id: record.id)
    case .settle(let spent): try finish(job, spent: spent, state: "settled", record)
    case .release: try finish(job, spent: .zero, state: "released", record)
    }
  }

  /// A job that has a reservation gets `amount` more, on the day of the first one.
  private func reserve(
    _ amount: MicroUSD, day: String, scopes: [BudgetScope], job: Int64, id: JobID
  ) throws(MemberFailure) {
    guard amount >= .zero, amount <= Limits.dearestJob else {
      throw .refused(KinoraError(.internalError, "\(amount.dollars) cannot be reserved"))
    }
    let names = JSON.array(scopes.map { .string($0.name) }).text
    let held = try connection.first(
      "SELECT state, day, scopes FROM hold WHERE job = ?1", .integer(job)
    ) { (state: $0.text(0), day: $0.text(1), scopes: $0.text(2)) }
    if let held, held.state != "reserved" || held.scopes != names {
      throw .refused(
        KinoraError(
          .internalError,
          "job \(id) has a \(held.state) hold on \(held.scopes); it cannot reserve on \(names)"))
    }
    let day = held?.day ?? day
    for scope in scopes {
      let period = BudgetScope.period(of: scope.name, day: day)
      try take(amount, from: scope, day: period, job: job)
    }
    if held == nil {
      try connection.apply(
        """
        INSERT INTO hold(job, id, day, scopes, amount, state) VALUES(?1, ?2, ?3, ?4, ?5, 'reserved')
        """,
        .integer(job), .text(id.rawValue), .text(day), .text(names), .integer(amount.rawValue))
    } else {
      try connection.apply(
        "UPDATE hold SET amount = amount + ?2 WHERE job = ?1", .integer(job),
        .integer(amount.rawValue))
    }
  }

  private func take(
    _ amount: MicroUSD, from scope: BudgetScope, day: String, job: Int64
  ) throws(MemberFailure) {
    try connection.apply(
      "INSERT INTO budget(scope, day) VALUES(?1, ?2) ON CONFLICT DO NOTHING", .text(scope.name),
      .text(day))
    // What costs nothing passes an exhausted budget too.
    let granted = try connection.apply(
      """
      UPDATE budget SET reserved = reserved + ?3, cap = ?4
      WHERE scope = ?1 AND day = ?2
        AND (?3 = 0 OR ?4 IS NULL OR reserved + spent + ?3 <= ?4)
      """,
      .text(scope.name), .text(day), .integer(amount.rawValue), SQLValue(scope.cap?.rawValue))
    guard granted == 1 else { throw try refusal(amount, scope, day: day) }
    try note(job, scope.name, day, reserved: amount, spent: .zero)
  }

  private func refusal(
    _ amount: MicroUSD, _ scope: BudgetScope, day: String
  ) throws(MemberFailure) -> MemberFailure {
    let used = try connection.first(
      "SELECT reserved + spent FROM budget WHERE scope = ?1 AND day = ?2", .text(scope.name),
      .text(day)
    ) { MicroUSD($0.integer(0)) }
    let cap = scope.cap ?? .zero
    let left = max(.zero, cap - (used ?? .zero))
    return .refused(
      KinoraError(
        .budgetExceeded,
        "the budget of \(scope.name) is \(cap.dollars) on \(day), \(left.dollars) is left, "
          + "\(amount.dollars) is needed", field: scope.name))
  }

  private func finish(
    _ job: Int64, spent: MicroUSD, state: String, _ record: JobRecord
  ) throws(MemberFailure) {
    guard spent >= .zero, spent <= Limits.dearestJob else {
      throw .refused(KinoraError(.internalError, "\(spent.dollars) cannot be booked"))
    }
    let held = try connection.first(
      """
      UPDATE hold SET state = ?3, settled = ?2 WHERE job = ?1 AND state = 'reserved'
      RETURNING day, scopes, amount
      """,
      .integer(job), .integer(spent.rawValue), .text(state)
    ) { (day: $0.text(0), scopes: $0.text(1), amount: MicroUSD($0.integer(2))) }
    guard let held else { return }
    let isMade = record.state == .completed
    let results = isMade ? record.artifacts.count : 0
    let video = isMade ? record.videoMilliseconds : 0
    let names = (try? JSON.parse(Array(held.scopes.utf8)))?.array?.compactMap(\.string) ?? []
    for name in names {
      let period = BudgetScope.period(of: name, day: held.day)
      try connection.apply(
        """
        UPDATE budget SET reserved = reserved - ?3, spent = spent + ?4, results = results + ?5,
          video_ms = video_ms + ?6
        WHERE scope = ?1 AND day = ?2
        """,
        .text(name), .text(period), .integer(held.amount.rawValue), .integer(spent.rawValue),
        .integer(Int64(results)), .integer(video))
      try note(job, name, period, reserved: .zero - held.amount, spent: spent)
    }
  }

  private func note(
    _ job: Int64, _ scope: String, _ day: String, reserved: MicroUSD, spent: MicroUSD
  ) throws(MemberFailure) {
    try connection.apply(
      "INSERT INTO ledger(job, scope, day, d_reserved, d_spent) VALUES(?1, ?2, ?3, ?4, ?5)",
      .integer(job), .text(scope), .text(day), .integer(reserved.rawValue),
      .integer(spent.rawValue))
  }
}
