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
  `,
  `
  ALTER TABLE session ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
  UPDATE session SET tenant=json_extract(body, '$.tenant');
  CREATE INDEX session_by_tenant ON session(tenant, expires_at);
  -- Rows of each tenant, also of those that have expired: counting them at each new session takes longer the more there are.
  CREATE TABLE session_rows(tenant TEXT PRIMARY KEY, sessions INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO session_rows SELECT tenant, count(*) FROM session GROUP BY tenant;
  CREATE TRIGGER session_made AFTER INSERT ON session BEGIN
    INSERT INTO session_rows VALUES(new.tenant, 1) ON CONFLICT DO UPDATE SET sessions=sessions+1;
  END;
  CREATE TRIGGER session_gone AFTER DELETE ON session BEGIN
    UPDATE session_rows SET sessions=sessions-1 WHERE tenant=old.tenant;
  END;
  -- In the order of their rows, which is that in which they were accepted.
  CREATE INDEX run_waiting ON run(tenant, bot) WHERE status='queued';
  -- Absent in tombstones, and in rows of before: the versions of before are never taken away.
  ALTER TABLE run ADD COLUMN version TEXT;
  CREATE INDEX run_by_version ON run(version) WHERE version IS NOT NULL;
  -- What each tenant keeps. By triggers, so that no write can forget it.
  CREATE TABLE stored(tenant TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO stored SELECT tenant, sum(bytes) FROM (
    SELECT tenant, octet_length(body) AS bytes FROM run
    UNION ALL SELECT tenant, octet_length(content) FROM artifact JOIN run ON run.id=run_id
  ) GROUP BY tenant;
  CREATE TRIGGER run_stored AFTER INSERT ON run BEGIN
    INSERT INTO stored VALUES(new.tenant, octet_length(new.body)) ON CONFLICT DO UPDATE SET bytes=bytes+excluded.bytes;
  END;
  CREATE TRIGGER run_stored_anew AFTER UPDATE OF body ON run BEGIN
    UPDATE stored SET bytes=bytes+octet_length(new.body)-octet_length(old.body) WHERE tenant=new.tenant;
  END;
  CREATE TRIGGER run_gone AFTER DELETE ON run BEGIN
    UPDATE stored SET bytes=bytes-octet_length(old.body) WHERE tenant=old.tenant;
  END;
  CREATE TRIGGER artifact_stored AFTER INSERT ON artifact BEGIN
    UPDATE stored SET bytes=bytes+octet_length(new.content) WHERE tenant=(SELECT tenant FROM run WHERE id=new.run_id);
  END;
  CREATE TRIGGER artifact_stored_anew AFTER UPDATE OF content ON artifact BEGIN
    UPDATE stored SET bytes=bytes+octet_length(new.content)-octet_length(old.content)
      WHERE tenant=(SELECT tenant FROM run WHERE id=new.run_id);
  END;
  CREATE TRIGGER artifact_gone BEFORE DELETE ON artifact BEGIN
    UPDATE stored SET bytes=bytes-octet_length(old.content) WHERE tenant=(SELECT tenant FROM run WHERE id=old.run_id);
  END;
  `,
  `
  -- When the next message about the run's end is due, and whether there ever was one to send.
  ALTER TABLE run ADD COLUMN callback_at INTEGER;
  ALTER TABLE run ADD COLUMN called_back INTEGER;
  CREATE INDEX run_by_callback ON run(callback_at) WHERE callback_at IS NOT NULL;
  CREATE INDEX run_called_back ON run(tenant, id) WHERE called_back=1;
  `
]
