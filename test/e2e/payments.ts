/** Payments on the core banking sandbox, and what its ledger says about them. */
import type { RunView } from './client.ts'
import type { Target } from './site.ts'

let count = 0
const start = Date.now().toString(36)

/** A payment that no other test makes. */
export const payment = (changes: object = {}): object => ({
  from_account: '4010002001',
  to_account: '4010001001',
  amount: 0.01,
  currency: 'EUR',
  value_date: '2025-03-31',
  reference: `E2E-${start}-${++count}`,
  ...changes
})

/** How many effects the target has of each run: by the reference that the run wrote into it, never by what our ledger says. */
export function effectsByReference(target: Target): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { reference, appliedAt } of target.effects()) if (appliedAt !== null) counts.set(reference, (counts.get(reference) ?? 0) + 1)
  return counts
}

/** What breaks the promise, in words; the empty list is the proof. */
export function brokenPromises(runs: readonly RunView[], target: Target): readonly string[] {
  const effects = effectsByReference(target)
  const known = new Set(runs.map(({ reference }) => reference))
  return [
    ...[...effects.keys()].filter(reference => !known.has(reference)).map(reference => `an effect of no run: ${reference}`),
    ...runs.flatMap(run => complaint(run, effects.get(run.reference) ?? 0))
  ]
}

const allowed: Readonly<Record<string, readonly number[]>> = {
  'completed committed': [1],
  'failed none': [0],
  'cancelled none': [0],
  'outcome_unknown unknown': [0, 1]
}

function complaint({ runId, status, effect, reference, history }: RunView, effects: number): string[] {
  if (allowed[`${status} ${effect}`]?.includes(effects)) return []
  return [`${runId} (${reference}) is ${status}, effect ${effect}, and the target has ${effects}: ${JSON.stringify(history)}`]
}
