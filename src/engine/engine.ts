/** The engine as the doors (HTTP, MCP, command line) see it. */

import type { Callback, CallbackState, CallbackTo } from '../core/callback.ts'
import type { RetrofitError } from '../core/errors.ts'
import type { ManifestIssue } from '../core/manifest-issue.ts'
import type { RunPage, RunQuery } from '../core/ports.ts'
import type { RunEvent } from '../core/run-event.ts'
import type { Action, Bot, Caller, Json, JsonObject, Run, Session } from '../core/types.ts'
import type { BotChanges } from './bot-changes.ts'
import type { BrokenBots } from './broken-bots.ts'
import type { ProbeRecord } from './probe-records.ts'

export type { ManifestIssue } from '../core/manifest-issue.ts'

export interface CallRequest {
  readonly caller: Caller
  /** `<bot>_<action>` */
  readonly action: string
  readonly input: unknown
  /** The caller's input; already checked for syntax. */
  readonly idempotencyKey?: string
  /** The caller's own limit for the whole run, in milliseconds. */
  readonly timeoutMs?: number
  readonly traceparent?: string
  /** The session that the call is made in. */
  readonly session?: string
  /** The digest of the only version of the bot that the caller wants to call. */
  readonly botVersion?: string | undefined
  /** The run goes before others; needs the scope `priority:high`. */
  readonly priority?: 'high' | undefined
  /** Who is to be told of the end of the run; already checked for syntax. */
  readonly callback?: CallbackTo | undefined
}

export interface Submitted {
  readonly run: Run
  readonly outcome: 'created' | 'joined' | 'replayed'
}

/** One call of a batch. */
export interface BatchItem {
  readonly input: unknown
  /** Already checked for syntax. */
  readonly idempotencyKey?: string | undefined
}

/** Calls of one action that differ in input and key. */
export interface BatchRequest extends Omit<CallRequest, 'input' | 'idempotencyKey'> {
  readonly items: readonly BatchItem[]
  /** What is not valid is refused alone; else one such item refuses all. */
  readonly lenient: boolean
}

/** The answer to a dry run. */
export interface Plan {
  readonly dryRun: true
  readonly action: string
  readonly effect: Action['effect']
  readonly input: Json
  readonly idempotencyKeys: readonly string[]
  readonly steps: readonly string[]
  readonly timeouts: Action['timeouts']
}

/** Every method throws RetrofitError. Runs come with masked input and readable output; a run of another tenant does not exist. */
export interface Engine {
  readonly catalog: Catalog
  readonly sessions: Sessions
  readonly callbacks: Callbacks
  /** Validates, claims the keys, makes the run durable, publishes it. The run may have ended long ago (replayed) or be under way (joined). */
  submit(request: CallRequest): Promise<Submitted>
  /**
   * An answer for each item, in their order. All are checked before one is accepted; then each is accepted by itself, and what is refused
   * (the queue is full, the key has another input) takes no other with it. Throws where none was accepted.
   */
  submitBatch(request: BatchRequest): Promise<readonly (Submitted | RetrofitError)[]>
  planBatch(request: BatchRequest): Promise<readonly (Plan | RetrofitError)[]>
  plan(request: CallRequest): Promise<Plan>
  /** The run when it has ended, or as it is after `waitMs`. */
  wait(run: Run, options: { readonly waitMs: number; readonly signal?: AbortSignal }): Promise<Run>
  find(caller: Caller, runId: string): Promise<Run>
  /** Looks at so many runs at most; what the caller may not see is left out, and the page says where to go on. */
  list(caller: Caller, query: Omit<RunQuery, 'tenant'>): Promise<RunPage>
  /** Counts an event stream of the caller until the answer is called. Throws quota_exceeded. */
  stream(caller: Caller): Promise<() => void>
  watch(runId: string, listener: (event: RunEvent) => void): () => void
  artifact(caller: Caller, runId: string, name: string): Promise<{ readonly content: Uint8Array; readonly mediaType: string }>
  cancel(caller: Caller, runId: string): Promise<Run>
  resolve(
    caller: Caller,
    runId: string,
    decision: { readonly outcome: 'completed' | 'not_done'; readonly output?: JsonObject }
  ): Promise<Run>
  /** The probe of today's manifest looks at the run. `lookFor` is still there where no worker has looked in time. */
  probe(caller: Caller, runId: string, options: { readonly waitMs: number }): Promise<Run>
  /** The trials of the actions' probes, by `probeIdOf`. */
  probes(): Promise<ReadonlyMap<string, ProbeRecord>>
  /** A new run linked to the old one. */
  retry(caller: Caller, runId: string): Promise<Run>
  /** Rejects with not_ready while nothing can be accepted (store or queue away, draining). */
  ready(): Promise<void>
}

/** A callback, and the run that it tells of. */
export interface SeenCallback {
  readonly run: Run
  readonly callback: Callback
}

export interface CallbackQuery {
  readonly state?: CallbackState | undefined
  /** Runs whose callbacks a page holds at most. */
  readonly limit: number
  /** Only callbacks of runs older than this one. */
  readonly before?: string | undefined
}

/** Callbacks whose message was due or is. A caller sees its own, with `runs:read` all of its tenant. Throws callback_not_found. */
export interface Callbacks {
  list(caller: Caller, query: CallbackQuery): Promise<{ readonly callbacks: readonly SeenCallback[]; readonly next?: string | undefined }>
  find(caller: Caller, callbackId: string): Promise<SeenCallback>
  /** Due again from now on, for a day. Throws callback_not_sendable. */
  resend(caller: Caller, callbackId: string): Promise<SeenCallback>
}

/** A session as its owner reads it: sensitive values are masked. */
export interface SessionState {
  readonly session: Session
  readonly values: JsonObject
  /** Names of the masked ones. */
  readonly masked: readonly string[]
}

export interface SessionChange {
  readonly variables?: JsonObject | undefined
  readonly ttlMs?: number | undefined
}
export type NewSession = SessionChange

/** Throws session_not_found for one that is gone or another caller's, invalid_input for variables that can not be kept. */
export interface Sessions {
  create(caller: Caller, wanted: NewSession): Promise<SessionState>
  /** As `create`, and it is kept in mind that the caller has one. */
  open(caller: Caller): Promise<SessionState>
  /** Whether a session that `open` made for the caller is still there. */
  hasOpened(caller: Caller): Promise<boolean>
  find(caller: Caller, id: string): Promise<SessionState>
  /** The variables are these and no others. */
  replace(caller: Caller, id: string, change: SessionChange): Promise<SessionState>
  /** These variables too; null forgets one. */
  patch(caller: Caller, id: string, change: SessionChange): Promise<SessionState>
  delete(caller: Caller, id: string): Promise<void>
}

/** Where a bot comes from: a file in the bots folder, or `PUT /v1/bots/{bot}`. */
export interface CatalogEntry {
  readonly bot: Bot
  readonly origin: 'file' | 'registered'
}

export interface KnownBot {
  /** `botKey`: names it among the bots of all tenants. */
  readonly key: string
  readonly name: string
  readonly adapter: string
}

/** The members of a run that name its bot. */
export type BotOfRun = Pick<Run, 'bot' | 'botDigest' | 'botTenant' | 'action'>

/** A tenant sees the operator's bots and those that it registered; without a tenant only the operator's are seen. */
export interface Catalog {
  readonly broken: BrokenBots
  entries(tenant?: string): readonly CatalogEntry[]
  /** Every bot that was ever here, also those that are gone: runs that were accepted before that wait for a worker still. */
  known(): readonly KnownBot[]
  entry(bot: string, tenant: string): CatalogEntry | undefined
  /** The version that is served now, by its `botKey`. */
  current(key: string): Bot | undefined
  action(name: string, tenant: string): { readonly bot: Bot; readonly action: Action } | undefined
  /** The bot version that a run started with, also when a newer one is current. */
  versionOf(run: BotOfRun): Promise<Bot | undefined>
  /** The run's action in that version. */
  actionOf(run: BotOfRun): Promise<Action | undefined>
  /** Changes whenever a bot does: the published documents are cached by it. */
  readonly stamp: number
  /** With a tenant: only what that tenant sees has changed. */
  onChange(listener: (tenant?: string) => void): () => void
  /**
   * Declarative manifests only. The bot belongs to the tenant. Throws invalid_manifest (errors[] holds every mistake), bot_from_file, or
   * insufficient_scope where the manifest gives an action a scope that the caller does not hold, or breaking_change where callers of the
   * version that is served would break, its major version is the same, and nobody said that it is meant.
   */
  register(
    name: string,
    source: string,
    owner: BotOwner & { readonly allowBreaking?: boolean | undefined }
  ): Promise<{ readonly bot: Bot; readonly created: boolean; readonly changes?: BotChanges | undefined }>
  unregister(name: string, tenant: string): Promise<void>
  /** Registers nothing. Without a bot, at least one issue is an error. */
  check(
    source: string,
    owner: BotOwner
  ): Promise<{ readonly bot?: Bot | undefined; readonly issues: readonly ManifestIssue[]; readonly changes?: BotChanges | undefined }>
}

/** Who registers, and for which tenant. */
export interface BotOwner {
  readonly caller: Caller
  readonly tenant: string
}
