/** From trials and verdicts to rows, sums and the bound. */
import { type Invariant, invariants, type Verdict } from './checker.ts'
import type { Trial } from './moment-trial.ts'
import type { AdapterName } from './targets.ts'
import type { Mode } from './world.ts'

export interface Row {
  readonly fault: string
  readonly moment: string
  readonly mode: Mode
  readonly adapter: AdapterName
  readonly trials: number
  readonly hits: number
  readonly effects: number
  readonly dup: number
  readonly lost: number
  readonly parked: number
  /** Middle and longest, in seconds. */
  readonly recoveredS: readonly [number, number] | undefined
}

export interface Batch {
  readonly fault: string
  readonly mode: Mode
  readonly adapter: AdapterName
  readonly trials: readonly Trial[]
  readonly verdict: Verdict
  readonly residue: readonly string[]
}

export interface Sums extends Readonly<Record<Invariant, number>> {
  readonly trials: number
  readonly hits: number
  readonly effects: number
  readonly overpark: number
  readonly power: number
  readonly bound95: number
}

export function rowsOf(batches: readonly Batch[]): readonly Row[] {
  const rows = new Map<string, { batches: Batch[]; trials: Trial[] }>()
  for (const batch of batches)
    for (const trial of batch.trials) {
      const name = [batch.fault, trial.moment, batch.mode, batch.adapter].join('|')
      const row = rows.get(name) ?? { batches: [], trials: [] }
      if (!row.batches.includes(batch)) row.batches.push(batch)
      row.trials.push(trial)
      rows.set(name, row)
    }
  return [...rows].map(([name, { batches, trials }]) => {
    const [fault = '', moment = '', mode, adapter] = name.split('|') as [string, string, Mode, AdapterName]
    const ids = trials.map(({ runId }) => runId ?? '-')
    const about = (text: string) => ids.some(id => text.includes(id))
    const runs = batches.flatMap(({ verdict }) => ids.flatMap(id => verdict.runs.get(id) ?? []))
    const texts = (invariant: Invariant) => batches.flatMap(({ verdict }) => verdict[invariant])
    return {
      fault,
      moment,
      mode,
      adapter,
      trials: trials.length,
      hits: trials.filter(({ hit }) => hit).length,
      effects: runs.filter(({ status }) => status === 'completed').length,
      dup: texts('dup').filter(about).length,
      lost: texts('lost').filter(about).length,
      parked: runs.filter(({ status }) => status === 'outcome_unknown').length,
      recoveredS: middleAndMost(trials.flatMap(({ recoveredMs }) => (recoveredMs === undefined ? [] : [recoveredMs])))
    }
  })
}

function middleAndMost(all: readonly number[]): readonly [number, number] | undefined {
  if (all.length === 0) return undefined
  const sorted = [...all].sort((a, b) => a - b)
  const seconds = (ms: number) => Math.round(ms / 100) / 10
  return [seconds(sorted[Math.floor(sorted.length / 2)] as number), seconds(sorted.at(-1) as number)]
}

/** No failure in n trials that do not depend on each other: at most 3/n with 95 % ("rule of three"). */
export const bound95 = (hits: number): number => (hits === 0 ? 1 : Math.min(1, 3 / hits))

export function sumsOf(batches: readonly Batch[]): Sums {
  const trials = batches.flatMap(batch => batch.trials)
  const hits = trials.filter(({ hit }) => hit).length
  const sum = (count: (batch: Batch) => number) => batches.reduce((all, batch) => all + count(batch), 0)
  const found = Object.fromEntries(
    invariants.map(name => [name, sum(({ verdict, residue }) => verdict[name].length + (name === 'residue' ? residue.length : 0))])
  ) as Record<Invariant, number>
  return {
    ...found,
    trials: trials.length,
    hits,
    effects: sum(({ verdict }) => verdict.effects),
    overpark: hits === 0 ? 0 : round(sum(({ verdict }) => verdict.parked) / hits),
    power: trials.length === 0 ? 0 : round(hits / trials.length),
    bound95: bound95(hits)
  }
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000
