/** A call without an engine: what an adapter test needs, and a record of what happened. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { z } from 'zod'
import { marksOf, placeholdersOf } from '../../../src/core/credential-marks.ts'
import type { ActionSource, Adapter, Answered, Call, Json, JsonObject } from '../../../src/index.ts'

export interface Recorded {
  readonly steps: string[]
  readonly artifacts: Map<string, Uint8Array>
  commits: number
  /** What `commit()` was told that leaves. */
  sent: string | undefined
  /** What it said of the target's answer. */
  answer: Answered | undefined
  /** Lists of the output that are not whole, and why. */
  readonly partial: Record<string, string>
}

export interface CallOptions {
  readonly url: string
  readonly input?: JsonObject
  readonly credentials?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly deadlineMs?: number
  readonly reference?: string
  readonly egress?: readonly string[]
  readonly concurrency?: number
  readonly sensitive?: readonly string[]
  readonly digest?: string
  /** Where the credentials may go; absent: to the origin of `url`. */
  readonly credentialOrigins?: readonly string[]
  readonly registered?: boolean
  readonly commit?: () => Promise<void>
  readonly evidence?: 'none'
}

export function callOf<Steps>(steps: Steps, options: CallOptions): Call<Steps> & { readonly seen: Recorded } {
  const seen: Recorded = { steps: [], artifacts: new Map(), commits: 0, sent: undefined, answer: undefined, partial: {} }
  const hidden = options.sensitive ?? []
  let committed = false
  return {
    seen,
    steps,
    bot: { name: 'teller', key: 'teller', digest: options.digest ?? 'd1' },
    action: 'teller_test',
    target: {
      url: options.url,
      waiting: 10,
      egress: options.egress ?? [new URL(options.url).origin],
      env: {},
      ...(options.concurrency !== undefined && { concurrency: options.concurrency })
    },
    run: {
      id: 'run_1',
      reference: options.reference ?? `R${Math.random().toString(36).slice(2, 12).toUpperCase()}`,
      attempt: 1,
      tenant: 't'
    },
    input: options.input ?? {},
    session: {},
    ...credentialsOf(options),
    signal: options.signal ?? new AbortController().signal,
    deadlineAt: Date.now() + (options.deadlineMs ?? 30_000),
    sensitive: hidden,
    answered: answer => {
      seen.answer = answer
    },
    evidence: options.evidence,
    get committed() {
      return committed
    },
    commit: async sent => {
      seen.sent = sent
      seen.commits++
      await options.commit?.()
      committed = true
    },
    step: async (name, work) => {
      seen.steps.push(name)
      return work()
    },
    exchange: (_, __, work) => work(),
    partial: (name, reason) => {
      seen.partial[name] = reason
    },
    attach: async (name, content) => void seen.artifacts.set(name, content),
    conceal: () => undefined,
    redact: text => [...hidden, 'Branch#2004'].reduce((clean, value) => clean.replaceAll(value, '***'), text)
  }
}

export interface Parsed {
  readonly steps: unknown
  readonly issues: readonly string[]
}

/** What the loader does with an action, in short. */
export function parseAction(adapter: Adapter, action: JsonObject, target: JsonObject = {}): Parsed {
  const issues: string[] = []
  const issue: ActionSource['issue'] = (path, message) => issues.push(`${path.join('.')}: ${message}`)
  const own = (part: JsonObject, shape: z.ZodObject, path: string) => {
    const known = Object.fromEntries(Object.entries(part).filter(([key]) => key in shape.shape))
    const checked = shape.safeParse(known)
    for (const each of checked.error?.issues ?? []) issues.push(`${path}${each.path.join('.')}: ${each.message}`)
  }
  own(target, adapter.shape.target, 'target.')
  own(action, adapter.shape.action, '')
  if (issues.length > 0) return { steps: undefined, issues }
  const effect = (action.effect ?? 'read') as ActionSource['effect']
  const output = (action.output ?? {}) as JsonObject
  const steps = adapter.parse({ bot: 'teller', name: 'test', effect, target, action, input: {}, output, env: [], issue })
  return { steps, issues }
}

const manifest = parse(readFileSync(new URL('../../../bots/teller/bot.yaml', import.meta.url), 'utf8')) as {
  target: JsonObject
  actions: Record<string, JsonObject>
}
export const tellerTarget = manifest.target
export const tellerActions = manifest.actions

export function tellerAction(adapter: Adapter, name: string): unknown {
  const { steps, issues } = parseAction(adapter, tellerActions[name] ?? {}, tellerTarget)
  if (issues.length > 0) throw new Error(issues.join('\n'))
  return steps
}

export type Output = Record<string, Json>

/** As the engine hands them in: of a bot from a file, or of a registered one. */
function credentialsOf({
  url,
  credentials = { username: 'teller1', password: 'Branch#2004' },
  credentialOrigins,
  registered
}: CallOptions) {
  const origins = credentialOrigins ?? [new URL(url).origin]
  const usable = registered === true ? placeholdersOf(credentials) : credentials
  const marks = marksOf(credentials)
  return {
    credentials,
    credentialOrigins: origins,
    credentialsAt: (origin: string | undefined) => (origin !== undefined && origins.includes(origin) ? usable : marks)
  }
}
