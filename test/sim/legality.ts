/** What is checked at each write: allowed moves, revisions, leases, crossings of the commit point. */
import type { Run } from '../../src/core/types.ts'
import type { SimProcess, World } from './world.ts'

/** From status/effect to the status/effect that may follow. */
const moves: Readonly<Record<string, readonly string[]>> = {
  'queued/none': ['queued/none', 'working/none', 'failed/none', 'cancelled/none'],
  'queued/unknown': ['queued/unknown', 'working/unknown', 'outcome_unknown/unknown'],
  'working/none': ['working/none', 'working/unknown', 'queued/none', 'completed/none', 'failed/none', 'cancelled/none'],
  'working/unknown': [
    'working/unknown',
    'working/none',
    'queued/unknown',
    'completed/committed',
    'failed/committed',
    'outcome_unknown/unknown'
  ],
  'outcome_unknown/unknown': ['outcome_unknown/unknown', 'completed/committed', 'failed/committed', 'failed/none'],
  'completed/none': ['completed/none'],
  'completed/committed': ['completed/committed'],
  'failed/none': ['failed/none'],
  'failed/committed': ['failed/committed'],
  'cancelled/none': ['cancelled/none']
}

/** Ended without an effect, in a way that another try can mend: its key is free. */
export const isFreed = (run: Run | undefined): boolean => run?.status === 'failed' && run.effect === 'none' && run.error?.retryable === true

export interface Write {
  readonly stored: Run
  readonly next: Run
  readonly by: SimProcess
}

const ended = new Set(['completed', 'failed', 'cancelled'])

const rules: readonly { readonly name: string; broken(write: Write, world: World): boolean }[] = [
  {
    name: 'illegal move',
    broken: ({ stored, next }) => !moves[`${stored.status}/${stored.effect}`]?.includes(`${next.status}/${next.effect}`)
  },
  { name: 'revision', broken: ({ stored, next }) => next.revision !== stored.revision + 1 },
  {
    name: 'lease on a run that nobody works on',
    broken: ({ next }) => next.lease !== undefined && (ended.has(next.status) || next.status === 'queued')
  },
  {
    name: 'a run again without a reason',
    broken: ({ next }, { plan }) => next.status === 'queued' && next.effect !== 'none' && plan.action.rerun === undefined
  },
  {
    name: 'attempt',
    broken: ({ stored, next }) => next.attempt !== stored.attempt + Number(next.status === 'working' && stored.status === 'queued')
  },
  {
    name: 'taken up again although two workers were lost on it',
    broken: ({ stored, next }) => (stored.lost ?? 0) >= 2 && next.lease !== undefined
  },
  {
    name: 'undone by nobody',
    broken: ({ stored, next }) =>
      stored.status === 'outcome_unknown' && next.status === 'failed' && next.effect === 'none' && next.resolvedBy === undefined
  },
  { name: 'stolen lease', broken: stolen },
  {
    name: 'an outcome that changed',
    broken: ({ stored, next }) => ended.has(stored.status) && next.expired !== true && !sameOutcome(stored, next)
  },
  {
    name: 'expired before its time',
    broken: ({ stored, next, by }, world) => next.expired === true && stored.expired !== true && tooEarly(stored, world, by)
  }
]

const sameOutcome = (a: Run, b: Run): boolean => JSON.stringify([a.output, a.error]) === JSON.stringify([b.output, b.error])

/** Three clocks: of who parked it, of who told its outcome late, and of who sweeps. */
const tooEarly = (run: Run, { ledger, plan }: World, _by: SimProcess): boolean =>
  (run.endedAt ?? 0) + run.ttlMs > ledger.now() + 3 * plan.ledgerSkewMs + 1

/** Only its holder, a person, or whoever knows that it is done may end a lease that runs. */
function stolen({ stored, next, by }: Write, { ledger, plan }: World): boolean {
  const { lease } = stored
  if (lease === undefined || lease.worker.startsWith(`${by.name}/`) || next.resolvedBy !== undefined || next.status === 'completed')
    return false
  return lease.until > ledger.now() + 2 * plan.ledgerSkewMs && next.lease?.worker !== lease.worker
}

export function watchWrite(world: World, write: Write): void {
  for (const { name, broken } of rules) {
    if (!broken(write, world)) continue
    const { stored, next, by } = write
    world.violated(name, `${world.nick(next.id)} from ${stored.status}/${stored.effect} to ${next.status}/${next.effect} by ${by.name}`)
  }
  if (write.next.history.at(-1)?.note === 'told late by its own worker') world.count('told late')
  crossing(world, write)
}

/** At most one crossing, unless evidence cleared the one before or the manifest says that a second one is harmless. */
function crossing(world: World, { stored, next, by }: Write): void {
  const crossed = next.effect === 'unknown' && next.history.length > stored.history.length && next.history.at(-1)?.note === 'commit point'
  if (!crossed) return
  world.count('crossing')
  if (!by.alive || by.pausedUntil > world.scheduler.now) world.struckRuns.add(next.id)
  if (stored.effect !== 'none' && world.plan.action.rerun === undefined) world.violated('crossed twice', world.nick(next.id))
}
