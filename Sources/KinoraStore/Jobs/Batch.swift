import CSQLite
import KinoraModel

/// One transaction of several changes.
struct Batch {
  let connection: Connection
  let path: String
  let faults: FaultHooks
  let crash: CrashPoints

  enum Outcome {
    /// On disk: an answer for each member, refusals among them.
    case committed([Result<[JobEvent], KinoraError>])
    /// Certainly not on disk, all of it; the store is sound.
    case undone(KinoraError)
    /// Nobody knows what is on disk.
    case broken(KinoraError)
  }

  func commit(_ members: [PreparedChange]) -> Outcome {
    do throws(SQLiteFailure) {
      try connection.run("BEGIN IMMEDIATE")
      var answers: [Result<[JobEvent], KinoraError>] = []
      answers.reserveCapacity(members.count)
      for member in members { answers.append(try apply(member)) }
      crash.pass("store.commit.before")
      if let code = faults.fsync?(path), code != 0 {
        throw SQLiteFailure(code: SQLITE_IOERR, message: "fsync: \(describe(errno: code))")
      }
      try connection.run("COMMIT")
      crash.pass("store.commit.after")
      return .committed(answers)
    } catch {
      if connection.isInTransaction { try? connection.execute("ROLLBACK") }
      if error.isFull && !connection.isInTransaction { return .undone(error.asKinoraError) }
      return .broken(error.asKinoraError)
    }
  }

  private func apply(
    _ member: PreparedChange
  ) throws(SQLiteFailure) -> Result<[JobEvent], KinoraError> {
    try connection.run("SAVEPOINT member")
    switch attempt(member) {
    case .success(let events):
      try connection.run("RELEASE member")
      return .success(events)
    case .failure(let reason):
      let refusal = try refusal(reason)
      try connection.run("ROLLBACK TO member")
      try connection.run("RELEASE member")
      return .failure(refusal)
    }
  }

  private func attempt(_ member: PreparedChange) -> Result<[JobEvent], MemberFailure> {
    do throws(MemberFailure) {
      return .success(try ChangeWriter(connection: connection).apply(member))
    } catch {
      return .failure(error)
    }
  }

  // What is about the one change goes to its caller; anything else ends the batch.
  private func refusal(_ reason: MemberFailure) throws(SQLiteFailure) -> KinoraError {
    switch reason {
    case .refused(let error): return error
    case .sqlite(let failure):
      guard failure.isAboutStatement, connection.isInTransaction else { throw failure }
      return KinoraError(.internalError, "the store refused a change: \(failure.message)")
    }
  }
}
