/** Deliberately broken variants, made by changing the ports or the plan and never the engine. A simulation that misses one proves nothing. */
import type { Run } from '../../src/core/types.ts'
import type { Plan } from './plan.ts'
import type { World } from './world.ts'

export interface Mutant {
  readonly name: string
  /** The invariants that show it. */
  readonly breaks: readonly string[]
  readonly plan?: (plan: Plan) => Plan
  readonly open?: (world: World) => void
}

const outcomes = ['dup', 'lost', 'liarYes', 'liarNo', 'torn', 'phantom']

const isCrossing = (before: Run | undefined, next: Run): boolean => before?.effect === 'none' && next.effect === 'unknown'

const withAction = (plan: Plan, action: Partial<Plan['action']>): Plan => {
  const changed = { ...plan.action, ...action }
  return { ...plan, action: changed, bot: { ...plan.bot, actions: [changed] } }
}

/** Changes what is written. */
const rewriting =
  (change: (next: Run, before: Run | undefined) => Run) =>
  ({ ledger }: World): void => {
    const update = ledger.update.bind(ledger)
    ledger.update = (next, by) => update(change(next, ledger.rows.get(next.id)), by)
  }

export const mutants: readonly Mutant[] = [
  {
    name: 'a store without compare-and-set',
    breaks: ['dup', 'liarNo', 'liarYes'],
    open: ({ ledger }) => {
      ledger.update = next => ledger.rows.has(next.id) && ledger.rows.set(next.id, next) !== undefined
    }
  },
  {
    name: 'no commit point',
    breaks: ['dup'],
    open: rewriting((next, before) => (isCrossing(before, next) ? { ...next, effect: 'none' } : next))
  },
  { name: 'a commit point that is not durable', breaks: ['dup', 'liarNo'], open: forgetsCrossings },
  { name: 'the commit point after the request', breaks: ['dup', 'liarNo'], plan: plan => ({ ...plan, commitsLate: true }) },
  {
    name: 'an ack before the claim, and no row to fall back on',
    breaks: ['lost'],
    plan: plan => ({ ...plan, messageFaults: 0, callFaults: 0 }),
    open: ({ ledger, line }) => {
      line.acksFirst = true
      const due = ledger.due.bind(ledger)
      ledger.due = (now, limit) => due(now, limit).filter(({ status, attempt }) => status !== 'queued' || attempt > 0)
    }
  },
  { name: 'accepted in memory', breaks: ['lost'], open: forgetsNewRows },
  { name: 'no sweep', breaks: ['lost'], open: neverSweeps },
  {
    name: 'a second run because the probe saw nothing',
    breaks: ['dup'],
    plan: plan => ({
      ...withAction(plan, { rerun: { safe: 'target_rejects_duplicates' }, probe: { weak: false } }),
      rejectsDuplicates: false
    })
  },
  {
    name: 'a probe without settle time whose "absent" is believed',
    breaks: ['liarNo'],
    plan: plan => withAction(plan, { settleMs: 0, probe: { weak: false } }),
    open: rewriting(next =>
      next.error?.detail.includes('did not find')
        ? { ...next, status: 'failed', effect: 'none', dueAt: Number(next.endedAt) + next.ttlMs }
        : next
    )
  },
  {
    name: 'a weak probe that is trusted',
    breaks: ['liarYes'],
    plan: plan => ({ ...withAction(plan, { probe: { weak: false } }), twins: true })
  },
  { name: 'a time to live on rows that have not ended', breaks: outcomes, open: expiresEverything },
  {
    name: 'the fingerprint ignored',
    breaks: ['torn'],
    open: ({ ledger }) => {
      const create = ledger.create.bind(ledger)
      ledger.create = (run, gate, by) => create(run, { ...gate, keys: gate.keys.map(({ key }) => ({ key, fingerprint: '' })) }, by)
    }
  },
  {
    name: 'the keys ignored',
    breaks: ['torn', 'dup'],
    open: ({ ledger }) => {
      const create = ledger.create.bind(ledger)
      ledger.create = (run, gate, by) => create(run, { ...gate, keys: [] }, by)
    }
  },
  {
    name: 'leases ignored',
    breaks: ['stolen lease'],
    open: ({ ledger }) => {
      const bare = (run: Run): Run => (run.lease === undefined ? run : { ...run, dueAt: 0, lease: { ...run.lease, until: 0 } })
      ledger.due = () => [...ledger.rows.values()].filter(({ lease }) => lease !== undefined).map(bare)
    }
  },
  { name: 'two claims that look alike', breaks: ['dup'], open: takesLookAlikes },
  {
    name: 'a failed run whose row is deleted',
    breaks: outcomes,
    open: ({ ledger }) => {
      const update = ledger.update.bind(ledger)
      ledger.update = (next, by) => {
        const written = update(next, by)
        if (written && next.status === 'failed') ledger.delete(next.id)
        return written
      }
    }
  }
]

/** What a dead process wrote last is gone when it was the commit point, as after a power cut without fsync. */
function forgetsCrossings({ ledger }: World): void {
  const crossings = new Map<string, { readonly before: Run; readonly after: Run; readonly by: unknown }>()
  const update = ledger.update.bind(ledger)
  ledger.update = (next, by) => {
    const before = ledger.rows.get(next.id)
    const written = update(next, by)
    if (written && before !== undefined && isCrossing(before, next)) crossings.set(next.id, { before, after: next, by })
    return written
  }
  ledger.forgot = process => {
    for (const [id, { before, after, by }] of crossings) if (by === process && ledger.rows.get(id) === after) ledger.rows.set(id, before)
  }
}

function neverSweeps({ ledger }: World): void {
  ledger.due = () => []
}

function forgetsNewRows({ ledger }: World): void {
  const creators = new Map<string, unknown>()
  const create = ledger.create.bind(ledger)
  ledger.create = (run, gate, by) => {
    const created = create(run, gate, by)
    if (created.outcome === 'created') creators.set(run.id, by)
    return created
  }
  ledger.forgot = process => {
    for (const [id, by] of creators) if (by === process && ledger.rows.get(id)?.revision === 1) ledger.delete(id)
  }
}

function expiresEverything({ ledger }: World): void {
  const due = ledger.due.bind(ledger)
  ledger.due = (now, limit) => {
    for (const run of ledger.rows.values()) if (run.createdAt + 3_000 < now) ledger.delete(run.id)
    return due(now, limit)
  }
}

/** The resend of a write is known by its content; here without the name of the claim. */
function takesLookAlikes({ ledger }: World): void {
  const unnamed = ({ lease, ...run }: Run): string => JSON.stringify({ ...run, lease: lease?.until })
  const update = ledger.update.bind(ledger)
  ledger.update = (next, by) => {
    const stored = ledger.rows.get(next.id)
    return (stored?.revision === next.revision && unnamed(stored) === unnamed(next)) || update(next, by)
  }
}
