/** What both suites build their data from. */
import { randomUUID } from 'node:crypto'
import { newReference, newRunId, newSessionId, randomText } from '../../src/core/ids.ts'
import type { IdempotencyKey, Message } from '../../src/core/ports.ts'
import type { Run, Session } from '../../src/core/types.ts'

export const tenant = 'acme'

/** A queued run, as `submit` makes it. */
export function aRun(overrides: Partial<Run> = {}): Run {
  const now = overrides.createdAt ?? Date.now()
  return {
    id: newRunId(overrides.tenant ?? tenant, now),
    revision: 1,
    tenant,
    subject: 'agent-7',
    clientId: 'client-1',
    bot: 'teller',
    botDigest: 'd'.repeat(64),
    action: 'teller_get_balance',
    actionEffect: 'read',
    input: { account: '12345678', note: 'Grüße, 東京 \u2028 "quoted"', amounts: [1, 2.5, null, true] },
    status: 'queued',
    effect: 'none',
    attempt: 0,
    reference: newReference(),
    createdAt: now,
    updatedAt: now,
    startBy: now + 60_000,
    deadlineAt: now + 120_000,
    notBefore: now,
    dueAt: now + 5_000,
    probes: 0,
    ttlMs: 86_400_000,
    steps: [],
    artifacts: [],
    history: [{ at: now, status: 'queued', effect: 'none', attempt: 0 }],
    traceparent: `00-${randomUUID().replaceAll('-', '')}-${randomUUID().replaceAll('-', '').slice(16)}-01`,
    ...overrides
  }
}

/** A new session. */
export function aSession(overrides: Partial<Session> = {}): Session {
  const now = Date.now()
  return {
    id: newSessionId(),
    revision: 1,
    tenant,
    subject: 'agent-7',
    clientId: 'client-1',
    variables: { account: { value: '40012345' }, note: { value: 'Grüße, 東京 \u2028 "quoted"', sensitive: true } },
    createdAt: now,
    updatedAt: now,
    expiresAt: now + 60_000,
    ttlMs: 60_000,
    ...overrides
  }
}

/** The same run one revision later. */
export const changed = (run: Run, change: Partial<Run>): Run => ({ ...run, ...change, revision: run.revision + 1 })

export const aKey = (overrides: Partial<IdempotencyKey> = {}): IdempotencyKey => ({
  key: `key-${randomUUID()}`,
  fingerprint: 'print-1',
  ...overrides
})

/** A gate that lets everything in. */
export const open = (...keys: readonly IdempotencyKey[]) => ({ keys, maxWaiting: 10_000 })

/** A bot of its own for each test: queues of a broker outlive the test that made them. */
export const aBot = () => `bot_${randomText(8)}`

export const aMessage = (bot: string, overrides: Partial<Message> = {}): Message => ({
  runId: newRunId(tenant, Date.now()),
  bot,
  publishedAt: Date.now(),
  ...overrides
})

export const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
