/** The nouns. Start here, then `engine/submit.ts`, then `engine/execute.ts`. Times are Unix milliseconds unless a name says otherwise. */
import type { Callback } from './callback.ts'
import type { PartialList } from './partial-list.ts'
import type { Looked } from './probe-sight.ts'
import type { Reach } from './reach.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }
/** JSON Schema 2020-12, with `x-sensitive`, `x-session`, `x-untrusted` and OpenAPI's `xml`. */
export type JsonSchema = JsonObject

export type RunStatus = 'queued' | 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled' | 'outcome_unknown'
/** What an action does to its target. */
export type ActionEffect = 'read' | 'write' | 'irreversible'
/** Whether the side effect of one run exists in the target. */
export type RunEffect = 'none' | 'unknown' | 'committed'

/** Who calls. Scopes may hold wildcards: `accounts:*`, `*`. */
export interface Caller {
  readonly tenant: string
  readonly subject: string
  readonly clientId: string
  readonly scopes: readonly string[]
  /** When the key or token ends, in Unix milliseconds. */
  readonly expiresAt?: number | undefined
  /** Addresses that its calls may have called back; absent: none. */
  readonly callbacks?: readonly string[] | undefined
}

/** Checks a value against a compiled schema; the empty list means valid. */
export type Check = (value: unknown) => readonly FieldError[]
export interface FieldError {
  /** JSON Pointer into the checked value; the whole value is ''. */
  readonly pointer: string
  readonly message: string
}

/** Something that a tenant has used up. */
export interface Quota {
  readonly name: string
  readonly used: number
  readonly allowed: number
}

/** A business error that an action may answer; never retried. */
export interface DeclaredError {
  readonly status: number
  readonly title: string
  readonly hint?: string
  /** Says that the effect does not exist when this error is seen after the commit point. */
  readonly notApplied: boolean
  /** What the target says with it, as JSON. */
  readonly data?: { readonly schema: JsonSchema; readonly check: Check }
}

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number
  readonly backoffMs: number
  readonly maxBackoffMs: number
}

export interface Action {
  /** `<bot>_<action>`: path segment, operationId, tool name, span name. */
  readonly name: string
  readonly bot: string
  /** Digest of the manifest: the version of the bot, which a caller can pin. */
  readonly botVersion: string
  readonly title: string
  readonly description: string
  readonly effect: ActionEffect
  readonly scopes: readonly string[]
  readonly input: JsonSchema
  readonly output: JsonSchema
  readonly checkInput: Check
  readonly checkOutput: Check
  /** A valid input that works against the bot's sandbox. */
  readonly example?: JsonObject
  readonly errors: Readonly<Record<string, DeclaredError>>
  /** Names of input properties that identify the effect, and how long a finished run is kept. */
  readonly idempotency: { readonly key?: readonly string[]; readonly ttlMs: number }
  readonly retry: RetryPolicy
  readonly timeouts: { readonly queueMs: number; readonly runMs: number }
  /** How late an effect can still land after the attempt ended. */
  readonly settleMs: number
  /** `weak`: it can match only business fields, so that its "found" is not trusted. Absent: no probe. */
  readonly probe?: { readonly weak: boolean }
  /** Why a second crossing of the commit point is harmless. Absent: it is not. */
  readonly rerun?: { readonly safe: 'target_rejects_duplicates' | 'sets_a_value' }
  /** No pictures, requests and answers of its runs are kept for people; absent: they are. */
  readonly evidence?: 'none'
  /** Absent: it takes nothing from a session and leaves nothing in it. */
  readonly session?: SessionUse
  /** What the adapter made of the action when the manifest was loaded. */
  readonly steps: unknown
}

/** A property with `x-session`. */
export interface SessionPlace {
  readonly variable: string
  /** Names of properties, from the root of the input or output. */
  readonly path: readonly string[]
  /** What is not remembered of it: paths of properties inside, through lists. */
  readonly omits?: readonly (readonly string[])[]
  /** The schema marks it, or something in it, `x-sensitive`. */
  readonly sensitive: boolean
}

/** How an action uses the session of its caller. */
export interface SessionUse {
  /** Inputs that are taken from it when the caller leaves them out. */
  readonly fills: readonly SessionPlace[]
  /** Outputs that are kept in it. */
  readonly remembers: readonly SessionPlace[]
  /** Its expressions see the variables. */
  readonly reads: boolean
  /** It runs on the session's own screen. */
  readonly screen?: ScreenUse
}

/** `pinned`: opens the session's screen, or goes on with it; `continue` goes on; `finish` goes on and gives it back. */
export type ScreenUse = 'pinned' | 'continue' | 'finish'

/** What is kept between the calls of one caller: the few variables that matter, not the dialogue. */
export interface Session {
  readonly id: string
  /** Compare-and-set counter, from 1. */
  readonly revision: number
  readonly tenant: string
  readonly subject: string
  readonly clientId: string
  /** `Variables`, sealed as a whole. */
  readonly variables: Json
  readonly createdAt: number
  readonly updatedAt: number
  readonly expiresAt: number
  /** How long it lives after its last use. */
  readonly ttlMs: number
  /** The run that is on its screen, until that has ended. */
  readonly busy?: { readonly runId: string; readonly at: number }
}

/** One variable of a session. */
export interface Variable {
  readonly value: Json
  /** Shown masked, and taken by inputs alone that are marked `x-sensitive` too. */
  readonly sensitive?: true
}
export type Variables = Readonly<Record<string, Variable>>

export interface Target {
  readonly url: string
  /** A name in the secret store. */
  readonly credentials?: string
  /** Most attempts at once on this target, over all workers; absent: no limit but the worker's. */
  readonly concurrency?: number
  /** How long a screen that a session has pinned may be idle; absent: two minutes. */
  readonly screenIdleMs?: number
  /** Most runs of one tenant that may wait. */
  readonly waiting: number
  /** Origins that an adapter may reach. */
  readonly egress: readonly string[]
  /** For a bot that came over HTTP: the origins that may be on a private network. Absent: any. */
  readonly reach?: Reach | undefined
  /** The values of the environment names that the manifest lists. */
  readonly env: Readonly<Record<string, string>>
}

export interface Bot {
  readonly name: string
  /** The tenant that registered it; absent: it is the operator's own, from a file. */
  readonly tenant?: string | undefined
  readonly version: string
  /** SHA-256 of the source: runs finish on the digest that they started with. */
  readonly digest: string
  readonly title: string
  readonly description?: string
  readonly owner?: string
  readonly adapter: string
  readonly target: Target
  readonly actions: readonly Action[]
  /** Names of `schemas`, which actions have as `$defs`. */
  readonly schemas?: readonly string[] | undefined
  /** The manifest as it was written. */
  readonly source: string
}

export interface StepRecord {
  readonly name: string
  readonly startedAt: number
  readonly durationMs: number
  readonly ok: boolean
  /** Why it is not ok, without anything secret. */
  readonly error?: string | undefined
  readonly artifact?: string
}

export interface ArtifactRef {
  readonly name: string
  readonly mediaType: string
  readonly bytes: number
}

/** Why a run ended badly; becomes the problem document. */
export interface RunError {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly retryable: boolean
  readonly hint?: string
  readonly errors?: readonly FieldError[]
  readonly quota?: Quota | undefined
  /** Of a declared error: what the target said with it. */
  readonly data?: Json
  /** The target's own words; `detail` keeps to ours. */
  readonly targetSaid?: string | undefined
}

export interface Transition {
  readonly at: number
  readonly status: RunStatus
  readonly effect: RunEffect
  readonly attempt: number
  readonly note?: string
  /** The failure before it, where the run went on: a run that completes in the end has no error that would tell. */
  readonly reason?: string | undefined
}

/** One row of the ledger. Only `run.ts` builds the next one. */
export interface Run extends Looked {
  readonly id: string
  /** Compare-and-set counter: every write is fenced by it. Starts at 1. */
  readonly revision: number
  /** Shows that this service accepted it as it is; made of the data key. */
  readonly proof?: string
  readonly tenant: string
  readonly subject: string
  readonly clientId: string
  readonly bot: string
  readonly botDigest: string
  /** The tenant that had registered the bot; absent: it came from a file. */
  readonly botTenant?: string | undefined
  readonly action: string
  readonly actionEffect: ActionEffect
  /** Sealed where the schema says `x-sensitive`. */
  readonly input: Json
  /** The session that remembers its output. */
  readonly session?: string | undefined
  /** The values that expressions see as `session`, as they were when the run was accepted; sealed. */
  readonly sessionValues?: Json | undefined
  readonly status: RunStatus
  readonly effect: RunEffect
  readonly attempt: number
  /** Short unique id that the action writes into the target, so that a probe can find its effect. */
  readonly reference: string
  readonly createdAt: number
  readonly updatedAt: number
  /** Not started by then: it fails. */
  readonly startBy: number
  /** Not ended by then: it fails, or after the commit point is probed. */
  readonly deadlineAt: number
  /** Earliest start: back-off, or the end of the settle time. */
  readonly notBefore: number
  /** When the sweep looks at it next; Infinity is written as null. */
  readonly dueAt: number | null
  readonly lease?: { readonly worker: string; readonly until: number }
  readonly committedAt?: number
  /** Its worker fell silent after the commit point: until then the attempt had time to send, so nobody may say that nothing was done. */
  readonly maySendUntil?: number
  readonly probes: number
  /** How often a worker fell silent while it had the run; absent: never. */
  readonly lost?: number
  /** Those workers. */
  readonly lostBy?: readonly string[]
  readonly cancelRequested?: boolean
  readonly endedAt?: number
  readonly ttlMs: number
  /** Sealed like the input. */
  readonly output?: Json
  readonly partial?: readonly PartialList[] | undefined
  readonly error?: RunError
  readonly steps: readonly StepRecord[]
  readonly artifacts: readonly ArtifactRef[]
  readonly history: readonly Transition[]
  readonly traceparent: string
  /** It goes before those of its bot that wait; absent: in its turn. */
  readonly priority?: 'high' | undefined
  /** Who is told of its end. */
  readonly callbacks?: readonly Callback[] | undefined
  /** The run that this one does again, and the one that did this again. */
  readonly retryOf?: string | undefined
  readonly retriedBy?: string
  readonly resolvedBy?: string
  /** A tombstone: input and output are gone, the outcome stays. */
  readonly expired?: boolean
}
