/** What version 1, 2, … of the file adds. Never change an entry that was released: append one. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE run(
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, tenant TEXT NOT NULL, bot TEXT NOT NULL, action TEXT NOT NULL,
    status TEXT NOT NULL, due_at INTEGER, created_at INTEGER NOT NULL, keys TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT;
  -- Bot and action are in the index so that a filter needs no look at rows that it drops.
  CREATE INDEX run_by_tenant ON run(tenant, id, bot, action);
  CREATE INDEX run_by_status ON run(tenant, status, id);
  CREATE INDEX run_by_due ON run(due_at) WHERE due_at IS NOT NULL;
  -- Counted, because counting the rows at each createRun takes longer the more runs wait.
  CREATE TABLE waiting(tenant TEXT NOT NULL, bot TEXT NOT NULL, runs INTEGER NOT NULL, PRIMARY KEY(tenant, bot)) STRICT, WITHOUT ROWID;
  CREATE TABLE gate_key(key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, run_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE record(kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(kind, id)) STRICT;
  CREATE TABLE record_stamp(kind TEXT PRIMARY KEY, stamp INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE artifact(run_id TEXT NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY(run_id, name)) STRICT;
  -- AUTOINCREMENT: a number that came back would be behind the readers, and its message would be lost.
  CREATE TABLE message(seq INTEGER PRIMARY KEY AUTOINCREMENT, bot TEXT NOT NULL, published_at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX message_by_bot ON message(bot, seq);
  CREATE TABLE readiness(filler BLOB) STRICT;
  `,
  `
  CREATE TABLE session(id TEXT PRIMARY KEY, revision INTEGER NOT NULL, expires_at INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX session_by_expiry ON session(expires_at);
  `,
  `
  DROP INDEX IF EXISTS run_by_tenant;
  CREATE INDEX run_by_tenant ON run(tenant, id);
  CREATE INDEX IF NOT EXISTS run_by_action ON run(tenant, action, id);
  CREATE INDEX IF NOT EXISTS run_by_bot ON run(tenant, bot, id);
  `
]
