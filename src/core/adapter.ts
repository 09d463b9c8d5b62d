/** What an adapter is: code that executes attempts on one kind of target. `adapters/echo/` is the one to copy. */
import type { ZodObject } from 'zod'
import type { Onlooker } from './onlooker.ts'
import type { Json, JsonObject, ScreenUse, Target } from './types.ts'

export interface Adapter<Steps = unknown> {
  readonly name: string
  /** The adapter's own keys of a manifest, beside those that every manifest has. Strict: an unknown key is a mistake. */
  readonly shape: {
    readonly target: ZodObject
    readonly action: ZodObject
    readonly probe: ZodObject
    readonly error: ZodObject
  }
  /**
   * For people: the keys whose texts take expressions. With it, `parse` tells each such place through `takes`, and an expression anywhere
   * else is a mistake of the manifest.
   */
  readonly templates?: string | undefined
  /** At load time: turns the checked manifest into what `run` needs. Reports every mistake through `issue`; a bad manifest never boots. */
  parse(source: ActionSource): Steps
  /** One attempt. Resolves to the action's output; throws `RetrofitError`, `BusinessError` or anything (then: target_failed). */
  run(call: Call<Steps>): Promise<Json>
  /** A read: does the effect of `call.run.reference` exist? */
  probe?(call: Call<Steps>): Promise<ProbeResult>
  /** An adapter that has it keeps a screen between calls: that of `call.screen`. Idempotent; also while a call is on it, which then fails. */
  closeScreen?(id: string): Promise<void>
  /** It tells an onlooker of each step itself; absent: whoever hands in the call does, from `call.step`. */
  readonly tellsOnlooker?: true | undefined
  /** Tells an operator how it works on this machine, such as a safeguard that is off. Asked at start; never rejects. */
  notices?(): Promise<readonly Notice[]>
  /** Gauges, e.g. `{ browsers: 1, pages: 3 }`. */
  stats?(): Readonly<Record<string, number>>
  close(): Promise<void>
}

/** `message` is one sentence without its full stop. */
export interface Notice {
  readonly severity: 'info' | 'warning'
  readonly message: string
}

/** `extracted`: what it decided by, for people. `blind`: why it can find nothing, done or not, where the target keeps no record of it. */
export type ProbeResult = { readonly extracted?: Json | undefined } & (
  | { readonly found: true; readonly output: Json }
  | { readonly found: false; readonly blind?: string | undefined }
)

/** One action of a manifest at load time, shape already checked. */
export interface ActionSource {
  readonly bot: string
  readonly name: string
  readonly effect: 'read' | 'write' | 'irreversible'
  readonly target: JsonObject
  readonly action: JsonObject
  readonly input: JsonObject
  readonly output: JsonObject
  /** Names that expressions may use. */
  readonly env: readonly string[]
  /** Reports a mistake: `path` leads from the action (or from the target, when it starts with 'target') to the place. */
  issue(path: readonly (string | number)[], message: string): void
  /** The same for what may well be meant, but rarely is. */
  warn?(path: readonly (string | number)[], message: string): void
  /** Says that expressions can stand at the path, and below it. An adapter with `templates` says so of every such place. */
  takes?(path: readonly (string | number)[], seen?: Seen): void
}

/** What an expression sees beside input, session, credentials, env and run. */
export interface Seen {
  /** A JSON Schema whose `properties` are the names, `required` those that are there for sure. Without it anything may be there. */
  readonly names?: JsonObject | undefined
  /** Members of the names that their schemas do not declare are never there. */
  readonly sealed?: boolean | undefined
  /** Schema of the input, where it is not the action's. */
  readonly input?: JsonObject | undefined
  /** Names that only later steps make. */
  readonly later?: readonly string[] | undefined
  /** Texts with conditions that were looked at before. */
  readonly asked?: readonly string[] | undefined
  /** The value becomes the output of the action. */
  readonly isOutput?: boolean | undefined
}

/** Of one file of a run. */
export const largestArtifactMiB = 20

export interface Call<Steps = unknown> {
  readonly steps: Steps
  /** Identifies the manifest version: what an adapter keeps warm goes by `key`, which no other tenant's bot has, and digest. */
  readonly bot: { readonly name: string; readonly key: string; readonly digest: string }
  readonly action: string
  readonly target: Target
  readonly run: { readonly id: string; readonly reference: string; readonly attempt: number; readonly tenant: string }
  readonly input: JsonObject
  readonly session: JsonObject
  /** The session's own screen. With `pinned` it is opened when it is not there; else the call throws `screen_gone` then. */
  readonly screen?: { readonly id: string; readonly use: ScreenUse }
  /** For what goes to `credentialOrigins`, and nowhere else. Expressions of a manifest see `credentialsAt`. */
  readonly credentials: Readonly<Record<string, string>>
  /** Where the credentials may go. Empty where the target has none. */
  readonly credentialOrigins: readonly string[]
  /** The credentials as expressions see them for that origin: the values where they may go; anywhere else, as in an output, marks. */
  credentialsAt(origin: string | undefined): Readonly<Record<string, string>>
  /** Aborts when the deadline has come, the lease is lost, the run is cancelled or the worker stops. */
  readonly signal: AbortSignal
  readonly deadlineAt: number
  /**
   * The fence before the one step that has the effect. Throws when the fence is lost: stop at once, touch nothing.
   * `sent`: what is about to leave, redacted; kept with the run, so that a person can see it also when this worker dies.
   */
  commit(sent?: string): Promise<void>
  /**
   * Tells that the target has answered, as far as it goes with success: after the commit point the effect is there, and whatever
   * throws from here on is about the output alone (`invalid_output`). `answer` is what is kept of it when no output comes.
   */
  answered(answer: Answered): void
  /** True from `commit()` on. */
  readonly committed: boolean
  /** Something with a name and a duration: span, event, record. Steps may nest. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  /** One exchange with the target, a client span below the current step. */
  exchange<T>(name: string, attributes: Readonly<Record<string, string | number>>, work: () => Promise<T>): Promise<T>
  /** Says that the list `name` of the output is not all that the target has, and what shows it; the answer tells it. */
  partial(name: string, reason: string): void
  /** Keeps a file with the run, of `largestArtifactMiB` at most; names are made safe. */
  attach(name: string, content: Uint8Array, mediaType: string): Promise<void>
  /** The text without credentials and without values marked `x-sensitive`, in whatever case or escape they stand there. */
  redact(text: string): string
  /**
   * These texts are secrets of the target from here on, as a token that a login gave: `redact` takes them out, and an output that holds
   * one is refused. What is looked for is prepared once for each list: hand over the same one again.
   */
  conceal(texts: readonly string[]): void
  /** `none`: the action wants no pictures, requests or answers kept for people. What `commit` is told is not kept then. */
  readonly evidence?: 'none' | undefined
  /** Values that must not be seen on a screenshot. */
  readonly sensitive: readonly string[]
  /** Present when the action is tried out (`retrofit try`). */
  readonly onlooker?: Onlooker | undefined
}

export interface Answered {
  /** The value that was read, where it is JSON. */
  readonly value?: Json | undefined
  /** Attaches the raw answer to the run, without secrets. */
  keep?(): Promise<void>
}

export function defineAdapter<Steps>(adapter: Adapter<Steps>): Adapter<Steps> {
  return adapter
}
