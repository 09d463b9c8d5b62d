import { partitionOfRun, partitionOfTenant } from '../../core/ids.ts'

/** The names of all keys. What one script touches shares the hash tag in braces, so that a Redis Cluster keeps it on one node. */
export function redisKeys(prefix: string, database = 0) {
  const ofRun = (id: string, rest: string) => `${prefix}:{${partitionOfRun(id)}}:${rest}`
  const ofTenant = (tenant: string, rest: string) => `${prefix}:{${partitionOfTenant(tenant)}}:${rest}`
  const keys = {
    row: (id: string) => ofRun(id, `run:${id}`),
    artifacts: (id: string) => ofRun(id, `artifacts:${id}`),
    /** How many rows need each version. */
    versions: (partition: string) => `${prefix}:{${partition}}:versions`,
    due: (partition: string) => `${prefix}:{${partition}}:due`,
    callbacksDue: (partition: string) => `${prefix}:{${partition}}:callbacks`,
    calledBack: (tenant: string) => ofTenant(tenant, `called-back:${tenant}`),
    list: (tenant: string) => ofTenant(tenant, `runs:${tenant}`),
    waiting: (tenant: string, bot: string) => ofTenant(tenant, `waiting:${bot}:${tenant}`),
    /** The same runs in their order. */
    line: (tenant: string, bot: string) => ofTenant(tenant, `line:${bot}:${tenant}`),
    /** The place of the newest in line, and of the last of which the queue was told. */
    told: (tenant: string, bot: string) => ofTenant(tenant, `told:${bot}:${tenant}`),
    /** Runs of all its bots that wait, by when they must have ended: should a process that knows no such set take one up, it leaves by itself. */
    waitingOfTenant: (tenant: string) => ofTenant(tenant, `waiting-of:${tenant}`),
    storedBytes: (tenant: string) => ofTenant(tenant, `stored:${tenant}`),
    idempotency: (tenant: string, key: string) => ofTenant(tenant, `key:${key}`),
    session: (id: string) => `${prefix}:session:{${id}}`,
    /** By when they expire. */
    sessionsOf: (tenant: string) => `${prefix}:sessions-of:{${tenant}}`,
    slot: (name: string) => `${prefix}:slot:{${name}}`,
    records: (kind: string) => `${prefix}:{records:${kind}}:all`,
    stamp: (kind: string) => `${prefix}:{records:${kind}}:stamp`,
    readiness: `${prefix}:ready`,
    ledger: `${prefix}:ledger`,
    members: `${prefix}:members`,
    /** When the ledger that this server came back with was last written to, as far as it knows. */
    asOf: (server: string) => `${prefix}:as-of:${server}`,
    returned: (server: string) => `${prefix}:returned:${server}`,
    /** Channels do not belong to a database: two installations in one Redis would hear each other. */
    channel: `${prefix}:events:${database}`
  }
  /** The keys that change with a run's row, in the order of the scripts. */
  const indexes = ({ id, tenant, bot }: { readonly id: string; readonly tenant: string; readonly bot: string }) =>
    [
      keys.due(partitionOfRun(id)),
      keys.list(tenant),
      keys.waiting(tenant, bot),
      keys.line(tenant, bot),
      keys.waitingOfTenant(tenant),
      keys.storedBytes(tenant),
      keys.versions(partitionOfRun(id))
    ] as const
  return { ...keys, indexes }
}

export type RedisKeys = ReturnType<typeof redisKeys>
