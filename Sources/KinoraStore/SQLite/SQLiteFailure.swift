import CSQLite
import KinoraModel

/// A call of SQLite that failed.
struct SQLiteFailure: Error {
  /// The extended result code.
  let code: Int32
  /// SQLite's words, with what was tried.
  let message: String

  /// The code without its extension.
  var primary: Int32 { code & 0xff }

  /// No room on the disk. SQLite has written no commit frame, so nothing of the transaction counts.
  var isFull: Bool { primary == SQLITE_FULL }

  /// The statement was refused by a constraint or is wrong in itself; the file is sound.
  var isAboutStatement: Bool {
    switch primary {
    case SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE: true
    default: false
    }
  }

  /// The file's content is not what SQLite wrote.
  var isCorrupt: Bool { primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB }

  /// As a reader's caller sees it. A lock that stood in the way or a missing descriptor is this one
  /// read's; whatever else a fixed statement meets is the file's.
  var asReadError: KinoraError {
    switch primary {
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_CANTOPEN, SQLITE_INTERRUPT,
      SQLITE_PROTOCOL:
      KinoraError(.unavailable, "the database cannot be read now: \(message)")
    default: asKinoraError
    }
  }

  /// As the port's callers see it.
  var asKinoraError: KinoraError {
    if isFull { return KinoraError(.storageFull, "no space for the database: \(message)") }
    if isCorrupt {
      return KinoraError(
        .storeFailed,
        "the database is damaged (\(message)); restore a backup, the intent journal beside it "
          + "keeps what was paid for")
    }
    return KinoraError(.storeFailed, "the database failed: \(message) (SQLite code \(code))")
  }
}
