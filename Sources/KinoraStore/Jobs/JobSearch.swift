import KinoraModel

/// One page of jobs, found through the indexes alone; rows are read only for what is shown.
///
/// Each state is searched by itself and the results are merged: one index entry after another in
/// the right order, whatever the number of rows. With metadata there are several ways in (the state,
/// each member), and which of them is short cannot be known: they are walked in turns, a candidate
/// at a time, and the first that has a page or comes to its end has the answer.
struct JobSearch {
  private let query: JobQuery
  private let connection: Connection
  private let limit: Int
  private let metadata: [(key: String, value: String)]
  private var cursor: Int64?

  init(_ query: JobQuery, _ connection: Connection) throws(KinoraError) {
    self.query = query
    self.connection = connection
    limit = min(max(query.limit, 1), 1000)
    metadata = query.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    guard let after = query.after else { return }
    cursor = try connection.rows(
      "SELECT pk FROM job WHERE id = ?1 AND (?2 IS NULL OR client = ?2)", .text(after.rawValue),
      SQLValue(query.client)
    ) { row throws(KinoraError) in row.integer(0) }.first
    if cursor == nil {
      throw KinoraError(
        .badField, "there is no job \(after) to continue after", field: "after",
        allowed: ["the id of a job in the list"])
    }
  }

  func page() throws(KinoraError) -> JobPage {
    var keys = try candidates()
    keys.sort(by: query.ascending ? { $0 < $1 } : { $0 > $1 })
    var jobs: [JobRecord] = []
    for key in keys.prefix(limit) {
      // A job that was removed since is simply not there.
      jobs += try connection.rows(
        "SELECT record, checksum FROM job WHERE pk = ?1", .integer(key)
      ) { row throws(KinoraError) in try row.record(0) }
    }
    return JobPage(jobs: jobs, hasMore: keys.count > limit)
  }

  private func candidates() throws(KinoraError) -> [Int64] {
    if query.states.isEmpty && query.client == nil && query.provider == nil && metadata.isEmpty {
      return try first(of: [way(from: "job j", key: "j.pk", Clause(), Clause())])
    }
    if query.states.isEmpty && !metadata.isEmpty {
      return try first(of: metadata.map { pair throws(KinoraError) in try by(pair, in: nil) })
    }
    var keys: [Int64] = []
    for state in query.states.isEmpty ? JobState.allCases : Array(Set(query.states)) {
      var ways = [try by(state)]
      for pair in metadata { ways.append(try by(pair, in: state)) }
      keys += try first(of: ways)
    }
    return keys
  }

  // The provider is part of the index: it is compared without a row's being read.
  private func by(_ state: JobState) throws(KinoraError) -> Statement {
    var entry = Clause()
    if let client = query.client { entry.add("j.client = ?", .text(client)) }
    entry.add("j.state = ?", .text(state.rawValue))
    if let provider = query.provider { entry.add("j.provider = ?", .text(provider)) }
    var rest = Clause()
    for pair in metadata { rest.add(pair) }
    return try way(from: "job j", key: "j.pk", entry, rest)
  }

  private func by(
    _ pair: (key: String, value: String), in state: JobState?
  ) throws(KinoraError) -> Statement {
    var entry = Clause()
    if let client = query.client { entry.add("m.client = ?", .text(client)) }
    entry.add("m.key = ?", .text(pair.key))
    entry.add("m.value = ?", .text(pair.value))
    var rest = Clause()
    if let provider = query.provider { rest.add("j.provider = ?", .text(provider)) }
    if let state { rest.add("j.state = ?", .text(state.rawValue)) }
    for other in metadata where other.key != pair.key { rest.add(other) }
    return try way(
      from: "metadata m CROSS JOIN job j ON j.pk = m.job", key: "m.job", entry, rest)
  }

  /// Candidates in the order asked for, each with whether it fits.
  private func way(
    from table: String, key: String, _ entry: Clause, _ rest: Clause
  ) throws(KinoraError) -> Statement {
    var entry = entry
    if let cursor { entry.add("\(key) \(query.ascending ? ">" : "<") ?", .integer(cursor)) }
    let fits = rest.conditions.isEmpty ? "1" : rest.conditions.joined(separator: " AND ")
    let end = entry.conditions.isEmpty ? "" : "WHERE " + entry.conditions.joined(separator: " AND ")
    do throws(SQLiteFailure) {
      let statement = try connection.compile(
        """
        SELECT \(key), \(fits) FROM \(table) \(end)
        ORDER BY \(key) \(query.ascending ? "ASC" : "DESC")
        """)
      try statement.begin(rest.arguments + entry.arguments)
      return statement
    } catch {
      throw error.asReadError
    }
  }

  private func first(of ways: [Statement]) throws(KinoraError) -> [Int64] {
    var found = ways.map { _ in [Int64]() }
    while true {
      for (i, way) in ways.enumerated() {
        guard try way.next() else { return found[i] }
        if way.integer(1) == 0 { continue }
        found[i].append(way.integer(0))
        if found[i].count > limit { return found[i] }
      }
    }
  }
}

/// Conditions that must all hold, with their arguments in order.
private struct Clause {
  var conditions: [String] = []
  var arguments: [SQLValue] = []

  mutating func add(_ condition: String, _ argument: SQLValue) {
    conditions.append(condition)
    arguments.append(argument)
  }

  mutating func add(_ pair: (key: String, value: String)) {
    // The client of the row itself, so that the primary key is the index.
    conditions.append(
      """
      EXISTS (SELECT 1 FROM metadata x
        WHERE x.client = j.client AND x.key = ? AND x.value = ? AND x.job = j.pk)
      """)
    arguments += [.text(pair.key), .text(pair.value)]
  }
}
