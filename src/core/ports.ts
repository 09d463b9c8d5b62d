/** The two ports. Every driver passes the suites in `test/contract/`. */

import type { RunEvent } from './run-event.ts'
import type { Json, Run, RunStatus, Session } from './types.ts'

export interface IdempotencyKey {
  /** Opaque and already scoped by tenant and client. */
  readonly key: string
  /** Of action and input; the same key with another one is refused. */
  readonly fingerprint: string
}

export type Created =
  /** `ahead`: runs of its tenant and bot that wait already; absent where there are none. */
  | { readonly outcome: 'created'; readonly run: Run; readonly ahead?: number | undefined }
  /** One of the keys is known with the same fingerprint: the run that it belongs to. */
  | { readonly outcome: 'existing'; readonly run: Run }
  | { readonly outcome: 'key_reused' }
  /** As many runs of this tenant and bot wait as may. Nothing was written. */
  | { readonly outcome: 'full' }
  /** The tenant has used up what it may. Nothing was written. */
  | { readonly outcome: 'over_quota'; readonly quota: 'waiting' | 'stored_bytes'; readonly used: number }

export interface Gate {
  readonly keys: readonly IdempotencyKey[]
  /** Runs of this tenant and bot. */
  readonly maxWaiting: number
  /** The queue is told of this many at once: `nextInLine` does not give those runs again. */
  readonly window?: number | undefined
  /** The tenant's limits over all bots. Absent: no limit. */
  readonly quotas?: TenantQuotas | undefined
  readonly succeeds?: Succession | undefined
}

/** Runs without an effect that hand their keys on to the new one. */
export interface Succession {
  /** As they are from then on, linked to the new run. When one does not follow its stored revision, nothing is written, and the answer is that run. */
  readonly linked: readonly Run[]
  /** Ids of the runs whose keys the new one may take. */
  readonly past: readonly string[]
}

export interface TenantQuotas {
  readonly waiting?: number | undefined
  /** Rows of runs, and their files. */
  readonly storedBytes?: number | undefined
}

export interface RunQuery {
  readonly tenant: string
  readonly status?: RunStatus
  readonly action?: string
  readonly bot?: string
  /** Only runs whose callbacks were due or are. */
  readonly calledBack?: true | undefined
  /** Only runs older than this run id; newest first. */
  readonly before?: string | undefined
  readonly limit: number
  /** Most rows to look at; absent: `mostLookedAt`. */
  readonly most?: number | undefined
}

export interface LineQuery {
  readonly tenant: string
  readonly bot: string
  readonly window: number
}

/** A filter that fits nothing must not read a ledger of a million runs at once. */
export const mostLookedAt = 1_000

export interface RunPage {
  /** Newest first. Fewer than the limit, or none, where `most` rows were looked at before. */
  readonly runs: readonly Run[]
  /** Go on before this id; absent: there are no older ones. */
  readonly next?: string | undefined
  /** Rows. */
  readonly looked: number
}

/** Port 2, the ledger. Every write is durable when its promise resolves, atomic, and safe to send twice. */
export interface Store {
  /**
   * The idempotency gate: claims every key for this run, or says whose they are. Only a new run counts against `maxWaiting` and the quotas.
   * A key that it takes over from a run that it succeeds changes hands with the links between the two, in one write.
   */
  createRun(run: Run, gate: Gate): Promise<Created>
  getRun(id: string): Promise<Run | undefined>
  /** Compare-and-set on `revision`: `next.revision` must be the stored one plus 1. False: stale, nothing written. */
  updateRun(next: Run): Promise<boolean>
  /** One page: a bounded piece of work, whatever the filters and however many runs there are. */
  listRuns(query: RunQuery): Promise<RunPage>
  /** Ids of the runs of one tenant and bot that wait, the first accepted `window` of them in that order. */
  firstInLine(query: LineQuery): Promise<readonly string[]>
  /** Those of the first `window` in line that were not given before: each to one asker alone, should many ask. After a restart perhaps again. */
  nextInLine(query: LineQuery): Promise<readonly string[]>
  /** Runs whose `dueAt` has come, the most overdue first. */
  dueRuns(now: number, limit: number): Promise<readonly Run[]>
  /** Runs with a callback whose `nextAt` has come, the most overdue first. */
  dueCallbacks(now: number, limit: number): Promise<readonly Run[]>
  /** Ids of the runs of all tenants whose outcome nobody knows. Reads the whole ledger: to be asked once. */
  unknownRuns(): Promise<readonly string[]>
  /** Those of the versions (`<key of the bot>@<digest>`) that rows of runs need. */
  neededVersions(ids: readonly string[]): Promise<readonly string[]>
  /** Removes a run and its keys for ever (a tombstone whose time is over). */
  deleteRun(id: string): Promise<void>
  /** Wake-ups for every update from any process. Best effort: a listener may miss some and must look the run up. */
  watch(listener: (event: RunEvent) => void): () => void
  /** Tells the watchers of every process; best effort, nothing is kept. */
  emit(event: RunEvent): void
  /** A counting lease: true when `holder` is among at most `limit` holders until `untilMs`. The same holder again renews. */
  acquireSlot(slot: { readonly name: string; readonly holder: string; readonly limit: number; readonly untilMs: number }): Promise<boolean>
  releaseSlot(slot: { readonly name: string; readonly holder: string }): Promise<void>
  readonly records: Records
  readonly sessions: Sessions
  readonly artifacts: Artifacts
  /** The one clock of leases and deadlines: the ledger's own, in Unix milliseconds. */
  now(): number
  /** Rejects with what is wrong when the ledger can not take a durable write. */
  ready(): Promise<void>
  close(): Promise<void>
}

/** Small documents by kind and id: bots, bot versions, keys, breakers. Durable like runs. */
export interface Records {
  get(kind: string, id: string): Promise<Json | undefined>
  put(kind: string, id: string, value: Json): Promise<void>
  /** False when there was none. */
  delete(kind: string, id: string): Promise<boolean>
  list(kind: string): Promise<readonly { readonly id: string; readonly value: Json }[]>
  /** Grows with every put and delete of the kind: cheap to poll. */
  stamp(kind: string): Promise<number>
}

/** Sessions, each by itself. One whose `expiresAt` has come is gone. */
export interface Sessions {
  /** A new one. False: as many of its tenant live as may, and nothing was written. The very same write again is true. */
  create(session: Session, most: number): Promise<boolean>
  get(id: string): Promise<Session | undefined>
  /** Compare-and-set: revision 1 is a new one, any other must follow the stored one. False: not so, nothing written. The very same write again is true. */
  put(session: Session): Promise<boolean>
  /** False when there was none. */
  delete(id: string): Promise<boolean>
}

export interface ArtifactFile {
  readonly content: Uint8Array
  readonly mediaType: string
}

/** Files of runs. */
export interface Artifacts {
  /** `of` names the run's tenant, whose stored bytes it adds to; false: it would be more than `mostBytes`, and nothing was written. */
  put(runId: string, name: string, file: ArtifactFile, of?: { readonly tenant: string; readonly mostBytes: number }): Promise<boolean>
  get(runId: string, name: string): Promise<{ readonly content: Uint8Array; readonly mediaType: string } | undefined>
  deleteAll(runId: string): Promise<void>
}

export interface Message {
  readonly runId: string
  readonly bot: string
  readonly traceparent?: string
  readonly publishedAt: number
  /** Goes before the others, as far as the driver can; two of three turns at most. */
  readonly priority?: 'high' | undefined
}

export interface Delivery {
  readonly message: Message
  /** Settles the delivery: it will not come again. Idempotent; without effect when its channel is gone. */
  ack(): Promise<void>
}

export interface Consumer {
  /** The bots whose messages to take, from now on. */
  serve(bots: readonly string[]): Promise<void>
  /** Takes nothing more, hands back what no handler has begun; handlers that run go on, and `close` waits for them. */
  close(): Promise<void>
}

/** Port 1. Delivers at least once and is only a hint: losing or doubling a message must harm nobody. */
export interface Queue {
  /** Resolves when the message is safe in a queue; rejects when that is not known (it may still be delivered). */
  publish(message: Message): Promise<void>
  /** Runs `handle` for each delivery, at most `concurrency(bot)` at once for each bot. A handler that ends without `ack` acks; one that throws hands the delivery back. */
  consume(handle: (delivery: Delivery) => Promise<void>, options: { concurrency(bot: string): number }): Promise<Consumer>
  /** Messages that wait for a consumer, and the age of the oldest where the driver knows it. */
  depth(bot: string): Promise<{ readonly messages: number; readonly oldestMs?: number }>
  /** Rejects with what is wrong when it can not take a message. */
  ready(): Promise<void>
  close(): Promise<void>
}

/** The part of a store that keeps the rows of runs; both ledgers have it in a file of its own. */
export type RunLedger = Pick<
  Store,
  | 'createRun'
  | 'getRun'
  | 'updateRun'
  | 'listRuns'
  | 'firstInLine'
  | 'nextInLine'
  | 'unknownRuns'
  | 'neededVersions'
  | 'dueRuns'
  | 'dueCallbacks'
  | 'deleteRun'
>
