/** Calls as the engine makes them, without the engine: what an adapter sees, and what it did with it. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { createAdapter } from '../../../adapters/soap/adapter.ts'
import type { Plan } from '../../../adapters/soap/plan.ts'
import { marksOf } from '../../../src/core/credential-marks.ts'
import { createConcealing } from '../../../src/engine/concealing.ts'
import { createSecretFinder } from '../../../src/governance/find-secret.ts'
import { createRedactor } from '../../../src/governance/redact.ts'
import type { ActionSource, Answered, Call, Json, JsonObject } from '../../../src/index.ts'

export interface Issue {
  readonly path: string
  readonly message: string
}

export interface Manifest {
  readonly bot: string
  readonly env: readonly string[]
  readonly target: JsonObject
  readonly actions: Readonly<Record<string, JsonObject>>
}

export const corebank: Manifest = parse(readFileSync(new URL('../../../bots/corebank/bot.yaml', import.meta.url), 'utf8'))
export const login = { username: 'svc_retrofit', password: 'S3rvice!Bus' }

export function compile(manifest: Manifest, name: string): { plan: Plan; issues: readonly Issue[] } {
  const issues: Issue[] = []
  const action = manifest.actions[name] as JsonObject
  const source: ActionSource = {
    bot: manifest.bot,
    name,
    effect: action.effect as ActionSource['effect'],
    target: manifest.target,
    action,
    input: action.input as JsonObject,
    output: action.output as JsonObject,
    env: manifest.env,
    issue: (path, message) => issues.push({ path: path.join('.'), message })
  }
  const adapter = createAdapter()
  return { plan: adapter.parse(source), issues }
}

export interface Recorded {
  readonly call: Call<Plan>
  readonly attached: Map<string, string>
  readonly steps: string[]
  readonly exchanges: string[]
  /** Lists that are not whole, and why. */
  readonly partial: Record<string, string>
  commits: number
  /** What `commit()` was told that leaves. */
  sent: string | undefined
  holdsSecret(value: Json): boolean
  /** What it said of the target's answer. */
  answer: Answered | undefined
}

export interface CallOptions {
  readonly plan: Plan
  readonly url: string
  readonly input?: JsonObject
  readonly egress?: readonly string[]
  /** Where the credentials may go. Default: to the target. */
  readonly origins?: readonly string[]
  readonly tenant?: string
  readonly signal?: AbortSignal
  readonly reference?: string
  readonly credentials?: Readonly<Record<string, string>>
  readonly sensitive?: readonly string[]
  readonly committed?: boolean
  readonly commit?: () => Promise<void>
}

let lastReference = 0

export function newCall(options: CallOptions): Recorded {
  const { plan, url, credentials = login, sensitive = [], signal = new AbortController().signal } = options
  const recorded = {
    attached: new Map<string, string>(),
    steps: [] as string[],
    exchanges: [] as string[],
    partial: {} as Record<string, string>,
    commits: 0,
    sent: undefined as string | undefined,
    answer: undefined as Answered | undefined
  }
  let committed = options.committed ?? false
  const origins = options.origins ?? [new URL(url).origin]
  const concealing = createConcealing({
    redact: createRedactor([...Object.values(credentials), ...sensitive]),
    isIn: createSecretFinder(Object.values(credentials))
  })
  const call: Call<Plan> = {
    steps: plan,
    bot: { name: 'corebank', key: 'corebank', digest: 'd' },
    action: 'corebank_action',
    target: {
      url,
      waiting: 1,
      egress: options.egress ?? [new URL(url).origin],
      env: {},
      ...(options.origins && { credentials: 'named' })
    },
    run: { id: 'run_1', reference: options.reference ?? `RF-S${++lastReference}`, attempt: 1, tenant: options.tenant ?? 'acme' },
    input: options.input ?? {},
    session: {},
    credentials,
    credentialOrigins: origins,
    credentialsAt: origin => (origin !== undefined && origins.includes(origin) ? credentials : marksOf(credentials)),
    signal,
    partial: (name, reason) => {
      recorded.partial[name] = reason
    },
    deadlineAt: Date.now() + 60_000,
    commit: async sent => {
      recorded.sent = sent
      recorded.commits += 1
      await options.commit?.()
      committed = true
    },
    answered: answer => {
      recorded.answer = answer
    },
    get committed() {
      return committed
    },
    step: (name, work) => {
      recorded.steps.push(name)
      return work()
    },
    exchange: (name, _, work) => {
      recorded.exchanges.push(name)
      return work()
    },
    attach: async (name, content) => void recorded.attached.set(name, Buffer.from(content).toString('utf8')),
    redact: concealing.redact,
    conceal: concealing.conceal,
    sensitive
  }
  return Object.assign(recorded, { call, holdsSecret: (value: Json) => concealing.isIn(value) })
}

/** The error that `work` ends with. */
export async function failure(work: Promise<unknown>): Promise<Error & Record<string, Json>> {
  try {
    await work
  } catch (error) {
    return error as Error & Record<string, Json>
  }
  throw new Error('it did not fail')
}
