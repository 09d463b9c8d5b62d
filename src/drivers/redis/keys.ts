import { partitionOfRun, partitionOfTenant } from '../../core/ids.ts'

/** The names of all keys. What one script touches shares the hash tag in braces, so that a Redis Cluster keeps it on one node. */
export function redisKeys(prefix: string, database = 0) {
  const ofRun = (id: string, rest: string) => `${prefix}:{${partitionOfRun(id)}}:${rest}`
  const ofTenant = (tenant: string, rest: string) => `${prefix}:{${partitionOfTenant(tenant)}}:${rest}`
  return {
    row: (id: string) => ofRun(id, `run:${id}`),
    artifacts: (id: string) => ofRun(id, `artifacts:${id}`),
    due: (partition: string) => `${prefix}:{${partition}}:due`,
    list: (tenant: string) => ofTenant(tenant, `runs:${tenant}`),
    waiting: (tenant: string, bot: string) => ofTenant(tenant, `waiting:${bot}:${tenant}`),
    idempotency: (tenant: string, key: string) => ofTenant(tenant, `key:${key}`),
    session: (id: string) => `${prefix}:session:{${id}}`,
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
}

export type RedisKeys = ReturnType<typeof redisKeys>
