extension Migration {
  /// Every step of this version.
  public static let all: [Migration] = [
    Migration(
      number: 1, name: "jobs, events, money, evidence",
      sql: """
        -- Small facts about the file: generation of the journal, first event kept.
        CREATE TABLE fact(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

        -- What is searched stands before the record, so that a search reads no overflow page. The
        -- primary key is the order of acceptance: it pages without regard to jumps of the clock.
        CREATE TABLE job(
          pk INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          client TEXT NOT NULL,
          principal TEXT NOT NULL,
          provider TEXT NOT NULL,
          model TEXT NOT NULL,
          state TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL,
          open INTEGER NOT NULL,
          tail_until INTEGER,
          reserved INTEGER NOT NULL,
          settled INTEGER,
          fingerprint TEXT NOT NULL,
          owner TEXT NOT NULL,
          epoch INTEGER NOT NULL,
          checksum INTEGER NOT NULL,
          record BLOB NOT NULL);
        CREATE INDEX job_open ON job(pk) WHERE open = 1;
        CREATE INDEX job_client ON job(client, state, pk, provider);
        CREATE INDEX job_state ON job(state, pk, provider);
        CREATE INDEX job_fingerprint ON job(client, fingerprint) WHERE fingerprint <> '';

        -- Names of jobs that a client removed: a permit in the journal for one of them is no riddle.
        CREATE TABLE removed(id TEXT PRIMARY KEY) WITHOUT ROWID;

        CREATE TABLE metadata(
          client TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, job INTEGER NOT NULL,
          PRIMARY KEY(client, key, value, job)) WITHOUT ROWID;
        CREATE INDEX metadata_any ON metadata(key, value, job);
        CREATE INDEX metadata_job ON metadata(job);

        CREATE TABLE idempotency(
          client TEXT NOT NULL, key TEXT NOT NULL, job TEXT NOT NULL, fingerprint TEXT NOT NULL,
          created_at INTEGER NOT NULL, PRIMARY KEY(client, key)) WITHOUT ROWID;
        CREATE INDEX idempotency_age ON idempotency(created_at);

        CREATE TABLE event(
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          job INTEGER NOT NULL, n INTEGER NOT NULL, client TEXT NOT NULL, at INTEGER NOT NULL,
          type TEXT NOT NULL, data BLOB NOT NULL, UNIQUE(job, n));
        CREATE INDEX event_client ON event(client, seq);

        -- Amounts are millionths of a dollar. One row per scope and UTC day.
        CREATE TABLE budget(
          scope TEXT NOT NULL, day TEXT NOT NULL, cap INTEGER,
          reserved INTEGER NOT NULL DEFAULT 0, spent INTEGER NOT NULL DEFAULT 0,
          CHECK(reserved >= 0 AND spent >= 0), PRIMARY KEY(scope, day)) WITHOUT ROWID;
        -- One row per job; `scopes` is a JSON array of names. It outlives its job.
        CREATE TABLE hold(
          job INTEGER PRIMARY KEY, id TEXT NOT NULL, day TEXT NOT NULL, scopes TEXT NOT NULL,
          amount INTEGER NOT NULL, settled INTEGER,
          state TEXT NOT NULL CHECK(state IN ('reserved', 'settled', 'released')));
        CREATE TABLE ledger(
          seq INTEGER PRIMARY KEY, job INTEGER NOT NULL, scope TEXT NOT NULL, day TEXT NOT NULL,
          d_reserved INTEGER NOT NULL, d_spent INTEGER NOT NULL);

        CREATE TABLE evidence(
          seq INTEGER PRIMARY KEY, job INTEGER NOT NULL, attempt INTEGER NOT NULL,
          ordinal INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, detail BLOB NOT NULL);
        CREATE INDEX evidence_job ON evidence(job);

        -- Which stored files a job needs: its inputs and its results.
        CREATE TABLE artifact(
          job INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY(job, sha256)) WITHOUT ROWID;
        CREATE INDEX artifact_file ON artifact(sha256);
        """),
    tenants, made, styles,
  ]
}
