import KinoraModel

/// One page of jobs, found through the indexes alone; rows are read only for what is shown.
///
/// Each state is searched by itself and the results are merged: one index entry after another in
/// the right order, whatever the number of rows. With metadata there are two ways in, and the one
/// with fewer candidates is taken.
struct JobSearch {
  /// Candidates up to here are looked at one by one, in a few milliseconds.
  private static let few: Int64 = 1000

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
      return try find(from: "job j", Clause())
    }
    if let rarest = try rarest(), try count(of: rarest) < Self.few || query.states.isEmpty {
      return try byMetadata(rarest, states: query.states)
    }
    var keys: [Int64] = []
    for state in query.states.isEmpty ? JobState.allCases : Array(Set(query.states)) {
      if let rarest = try rarest(), try count(in: state) >= Self.few {
        keys += try byMetadata(rarest, states: [state])
      } else {
        keys += try byState(state)
      }
    }
    return keys
  }

  private func byState(_ state: JobState) throws(KinoraError) -> [Int64] {
    var clause = inState(state)
    if let provider = query.provider { clause.add("j.provider = ?", .text(provider)) }
    for pair in metadata { clause.add(pair, client: query.client) }
    return try find(from: "job j", clause)
  }

  private func byMetadata(
    _ pair: (key: String, value: String), states: [JobState]
  ) throws(KinoraError) -> [Int64] {
    var clause = having(pair)
    if let provider = query.provider { clause.add("j.provider = ?", .text(provider)) }
    for other in metadata where other.key != pair.key { clause.add(other, client: query.client) }
    if !states.isEmpty {
      clause.conditions.append(
        "j.state IN (\(states.map { _ in "?" }.joined(separator: ", ")))")
      clause.arguments += states.map { .text($0.rawValue) }
    }
    return try find(from: "metadata m CROSS JOIN job j ON j.pk = m.job", clause, key: "m.job")
  }

  private func inState(_ state: JobState) -> Clause {
    var clause = Clause()
    if let client = query.client { clause.add("j.client = ?", .text(client)) }
    clause.add("j.state = ?", .text(state.rawValue))
    return clause
  }

  private func having(_ pair: (key: String, value: String)) -> Clause {
    var clause = Clause()
    if let client = query.client { clause.add("m.client = ?", .text(client)) }
    clause.add("m.key = ?", .text(pair.key))
    clause.add("m.value = ?", .text(pair.value))
    return clause
  }

  private func rarest() throws(KinoraError) -> (key: String, value: String)? {
    var best: (pair: (key: String, value: String), count: Int64)?
    for pair in metadata {
      let count = metadata.count == 1 ? 0 : try count(of: pair)
      if count < best?.count ?? .max { best = (pair, count) }
    }
    return best?.pair
  }

  private func count(of pair: (key: String, value: String)) throws(KinoraError) -> Int64 {
    try count("metadata m", having(pair))
  }

  private func count(in state: JobState) throws(KinoraError) -> Int64 {
    try count("job j", inState(state))
  }

  // Counts no further than it must.
  private func count(_ table: String, _ clause: Clause) throws(KinoraError) -> Int64 {
    try connection.rows(
      dynamic: "SELECT count(*) FROM (SELECT 1 FROM \(table) \(clause.text) LIMIT \(Self.few))",
      clause.arguments
    ) { row throws(KinoraError) in row.integer(0) }.first ?? 0
  }

  private func find(
    from table: String, _ clause: Clause, key: String = "j.pk"
  ) throws(KinoraError) -> [Int64] {
    var clause = clause
    if let cursor { clause.add("\(key) \(query.ascending ? ">" : "<") ?", .integer(cursor)) }
    return try connection.rows(
      dynamic: """
        SELECT \(key) FROM \(table) \(clause.text)
        ORDER BY \(key) \(query.ascending ? "ASC" : "DESC") LIMIT \(limit + 1)
        """,
      clause.arguments
    ) { row throws(KinoraError) in row.integer(0) }
  }
}

/// Conditions that must all hold, with their arguments in order.
private struct Clause {
  var conditions: [String] = []
  var arguments: [SQLValue] = []

  var text: String {
    conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
  }

  mutating func add(_ condition: String, _ argument: SQLValue) {
    conditions.append(condition)
    arguments.append(argument)
  }

  mutating func add(_ pair: (key: String, value: String), client: String?) {
    // The client of the row itself, so that the primary key is the index.
    conditions.append(
      """
      EXISTS (SELECT 1 FROM metadata x
        WHERE x.client = j.client AND x.key = ? AND x.value = ? AND x.job = j.pk)
      """)
    arguments += [.text(pair.key), .text(pair.value)]
  }
}
