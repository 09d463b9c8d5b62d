/** What a seed decides before its world begins: the bot, the processes, the faults, the clients. */
import { compileSchema } from '../../src/core/schema.ts'
import type { Action, Bot, Caller, JsonSchema } from '../../src/core/types.ts'
import type { Random } from './random.ts'

export const caller: Caller = { tenant: 'default', subject: 'agent', clientId: 'c1', scopes: ['*'] }

/** How the target takes a request that left; see `target.ts`. */
export const answers = ['ok', 'hang', 'late', 'error', 'lie', 'dropped', 'nothing_sent', 'refused', 'odd', 'misfit'] as const
export type Answer = (typeof answers)[number]

/** At the process's n-th call to a port: dies before or after the call left, stands still, is replaced while it does, or stops in good order. */
export interface ProcessFault {
  readonly process: number
  readonly atCall: number
  readonly kind: 'crash_before' | 'crash_after' | 'pause' | 'replaced' | 'stop'
  readonly forMs: number
  /** Comes back under the same name, as in a container whose process is always number 1. */
  readonly sameName: boolean
}

export interface ClientPlan {
  readonly reference: string
  /** Which keys it relies on: its own, the manifest's, or a fresh one of its own for each try. */
  readonly keys: 'own' | 'manifest' | 'fresh'
  readonly copies: number
  readonly tries: number
  readonly changesBody: boolean
  readonly cancelsAtMs: number | undefined
  /** A person looks at what became of it. */
  readonly person: 'none' | 'honest' | 'rash'
  readonly looksAtMs: number
  readonly comesBackAtMs: number | undefined
  readonly waits: boolean
  readonly timeoutMs: number | undefined
}

export interface Plan {
  readonly processes: readonly { readonly gateway: boolean; readonly worker: boolean }[]
  readonly bot: Bot
  readonly action: Action
  readonly leaseMs: number
  readonly breakerFailures: number
  /** Share of ledger and queue calls that go wrong, and of messages that are lost or come twice. */
  readonly callFaults: number
  readonly messageFaults: number
  readonly slow: number
  readonly trouble: number
  readonly troubles: readonly Answer[]
  readonly racing: boolean
  /** Only in mutants: asks for the commit point after the request; has a probe that takes records like it. */
  readonly commitsLate?: boolean
  readonly twins?: boolean
  readonly rejectsDuplicates: boolean
  readonly lateMs: number
  readonly probeTrouble: number
  readonly skewMs: number
  readonly ledgerSkewMs: number
  readonly faults: readonly ProcessFault[]
  /** What befalls the first process that passes its commit point: before its request leaves, or after. */
  readonly atCommit: { readonly kind: 'crash' | 'pause'; readonly when: 'before' | 'after'; readonly forMs: number } | undefined
  /** When ledger or queue answer nobody. */
  readonly outage: { readonly of: 'ledger' | 'queue'; readonly fromMs: number; readonly untilMs: number } | undefined
  readonly clients: readonly ClientPlan[]
  readonly onlyProcessesFail?: boolean
}

const input: JsonSchema = {
  type: 'object',
  required: ['reference', 'amount'],
  properties: { reference: { type: 'string' }, amount: { type: 'number' } }
}
const output: JsonSchema = { type: 'object', required: ['confirmation'], properties: { confirmation: { type: 'string' } } }
const [checkInput, checkOutput] = [compileSchema(input), compileSchema(output)]

const layouts = [
  [{ gateway: true, worker: true }],
  [
    { gateway: true, worker: false },
    { gateway: false, worker: true }
  ],
  [
    { gateway: true, worker: true },
    { gateway: true, worker: true }
  ],
  [
    { gateway: true, worker: false },
    { gateway: false, worker: true },
    { gateway: false, worker: true }
  ],
  [
    { gateway: true, worker: false },
    { gateway: true, worker: false },
    { gateway: false, worker: true },
    { gateway: false, worker: true }
  ]
] as const

function actionOf(random: Random): Action {
  const settleMs = random.pick([200, 2_000, 5_000])
  const rerun = random.chance(0.2)
    ? { safe: random.pick(['target_rejects_duplicates', 'target_rejects_duplicates', 'sets_a_value'] as const) }
    : undefined
  const probe = random.chance(0.7) ? { weak: random.chance(0.25) } : undefined
  return {
    name: 'pay_money',
    bot: 'pay',
    botVersion: 'f'.repeat(64),
    title: 'Pay',
    description: 'Pays.',
    effect: random.chance(0.08) ? 'read' : random.pick(['write', 'irreversible']),
    scopes: [],
    input,
    output,
    checkInput,
    checkOutput,
    errors: {
      refused: { status: 409, title: 'Refused', notApplied: true },
      odd: { status: 409, title: 'Odd', notApplied: false }
    },
    idempotency: { key: ['reference'], ttlMs: random.chance(0.2) ? 30_000 : 86_400_000 },
    retry: { attempts: random.whole(1, 4), backoffMs: 50, maxBackoffMs: 1_000 },
    timeouts: { queueMs: random.pick([5_000, 60_000]), runMs: random.pick([1_500, 10_000]) },
    settleMs,
    ...(probe === undefined ? {} : { probe }),
    ...(rerun === undefined ? {} : { rerun }),
    steps: undefined
  }
}

function botOf(random: Random, action: Action): Bot {
  const concurrency = random.chance(0.25) ? { concurrency: random.whole(1, 2) } : {}
  return {
    name: 'pay',
    version: '1.0.0',
    digest: 'd1',
    title: 'Pay',
    adapter: 'simulated',
    target: { url: 'http://127.0.0.1:1', waiting: 50, egress: [], env: {}, credentials: 'pay', ...concurrency },
    actions: [action],
    source: ''
  }
}

function faultsOf(random: Random, processes: number): readonly ProcessFault[] {
  const count = random.pick([0, 1, 1, 1, 2, 2, 3])
  return Array.from({ length: count }, () => ({
    process: random.whole(0, processes - 1),
    atCall: random.whole(1, 24),
    kind: random.pick(['crash_before', 'crash_after', 'crash_after', 'pause', 'pause', 'replaced', 'stop'] as const),
    forMs: random.pick([20, 1_000, 4_000, 12_000, 40_000]),
    sameName: random.chance(0.5)
  }))
}

const clientOf = (random: Random, index: number): ClientPlan => ({
  reference: `K${index}`,
  keys: random.pick(['own', 'manifest', 'fresh']),
  copies: random.pick([1, 1, 1, 2, 3]),
  tries: random.whole(1, 4),
  changesBody: random.chance(0.15),
  cancelsAtMs: random.chance(0.15) ? random.between(0, 3_000) : undefined,
  person: random.pick(['none', 'none', 'honest', 'honest', 'rash']),
  looksAtMs: random.between(100, 30_000),
  comesBackAtMs: random.chance(0.3) ? random.between(1_000, 60_000) : undefined,
  waits: random.chance(0.2),
  timeoutMs: random.chance(0.15) ? random.between(300, 5_000) : undefined
})

function outageOf(random: Random): Plan['outage'] {
  const fromMs = random.between(0, 3_000)
  return { of: random.pick(['ledger', 'queue']), fromMs, untilMs: fromMs + random.pick([300, 3_000, 20_000]) }
}

/** Nothing goes wrong but processes, so that every run has to complete. */
const onlyProcessesFail = (plan: Plan): Plan => ({
  ...plan,
  callFaults: 0,
  messageFaults: 0,
  slow: 0,
  trouble: 0,
  probeTrouble: 0,
  racing: false,
  ledgerSkewMs: 0,
  outage: undefined,
  onlyProcessesFail: true,
  clients: plan.clients.map(client => ({ ...client, cancelsAtMs: undefined, timeoutMs: undefined, person: 'none' }))
})

export function planOf(random: Random): Plan {
  const plan = anyPlan(random)
  return random.chance(0.15) ? onlyProcessesFail(plan) : plan
}

function anyPlan(random: Random): Plan {
  const action = actionOf(random)
  const processes = random.pick(layouts)
  return {
    processes,
    bot: botOf(random, action),
    action,
    leaseMs: random.pick([1_000, 3_000, 10_000]),
    breakerFailures: random.pick([1, 2, 50]),
    callFaults: random.pick([0, 0, 0.02, 0.05, 0.2]),
    messageFaults: random.pick([0, 0.1, 0.4]),
    slow: random.pick([0, 0.05, 0.3]),
    trouble: random.pick([0, 0.3, 0.7]),
    troubles: random.chance(0.5) ? answers : [random.pick(answers)],
    racing: random.chance(0.2),
    rejectsDuplicates: action.rerun?.safe === 'target_rejects_duplicates',
    lateMs: random.pick([50, 1_000, 8_000]),
    probeTrouble: random.pick([0, 0, 0.3]),
    skewMs: random.pick([0, 600_000]),
    ledgerSkewMs: random.pick([0, 0, 50, 2_000]),
    faults: faultsOf(random, processes.length),
    atCommit: random.chance(0.3)
      ? { kind: random.pick(['crash', 'pause']), when: random.pick(['before', 'after']), forMs: random.pick([500, 5_000, 40_000]) }
      : undefined,
    outage: random.chance(0.1) ? outageOf(random) : undefined,
    clients: Array.from({ length: random.pick([1, 1, 2]) }, (_, index) => clientOf(random, index))
  }
}
