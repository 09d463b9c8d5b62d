/** The report: the figures of one campaign, or of several together, in words that claim no more than they show. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { invariants } from './checker.ts'
import { everyFault } from './faults.ts'
import { bound95, type Row, type Sums } from './figures.ts'
import { type LoadResult, loadText } from './load.ts'
import { tableOf } from './table.ts'

/** Which day and which machine. */
export interface Made {
  readonly madeOn: string
  readonly cores: number
}

export interface Result extends Sums, Made {
  readonly seed: number | string
  readonly rows: readonly Row[]
}

/** What is known so far. */
export interface Known {
  readonly campaigns: readonly Result[]
  readonly loads: readonly (LoadResult & Made)[]
}

/** Files, or folders of them; each file's last line is what `--json` wrote. */
export function readResults(paths: readonly string[]): Known {
  const files = paths.flatMap(path =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .sort()
          .map(name => join(path, name))
      : [path]
  )
  const results: unknown[] = files.map(file => JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? ''))
  return {
    campaigns: results.filter(result => !Array.isArray(result)) as Result[],
    loads: results.filter(result => Array.isArray(result)).flat()
  }
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000

export function together(results: readonly Result[]): Result {
  const sum = (of: (result: Result) => number) => results.reduce((all, result) => all + of(result), 0)
  const hits = sum(result => result.hits)
  const trials = sum(result => result.trials)
  const broken = Object.fromEntries(invariants.map(name => [name, sum(result => result[name])])) as Pick<Sums, (typeof invariants)[number]>
  return {
    ...broken,
    trials,
    hits,
    effects: sum(result => result.effects),
    overpark: round(sum(result => result.overpark * result.hits) / Math.max(1, hits)),
    power: round(hits / Math.max(1, trials)),
    bound95: bound95(hits),
    seed: results.map(({ seed }) => seed).join(', '),
    madeOn: [...new Set(results.map(({ madeOn }) => madeOn))].sort().join(', '),
    cores: Math.max(...results.map(({ cores }) => cores)),
    rows: sameTogether(results.flatMap(({ rows }) => rows))
  }
}

/** One row for what was done several times. */
function sameTogether(rows: readonly Row[]): readonly Row[] {
  const groups = Map.groupBy(rows, ({ fault, moment, mode, adapter }) => [fault, moment, mode, adapter].join('|'))
  return [...groups.values()].map(group => {
    const sum = (of: (row: Row) => number) => group.reduce((all, row) => all + of(row), 0)
    return {
      ...(group[0] as Row),
      trials: sum(row => row.trials),
      hits: sum(row => row.hits),
      effects: sum(row => row.effects),
      dup: sum(row => row.dup),
      lost: sum(row => row.lost),
      parked: sum(row => row.parked),
      recoveredS: timesOf(group)
    }
  })
}

/** The middle one of the largest part, and the longest of all. */
function timesOf(group: readonly Row[]): Row['recoveredS'] {
  const timed = group.filter(row => row.recoveredS != null)
  const largest = timed.toSorted((a, b) => b.hits - a.hits)[0]?.recoveredS
  return largest && [largest[0], Math.max(...timed.map(row => row.recoveredS?.[1] ?? 0))]
}

export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`

export function verdictOf(result: Result): string {
  const broken = invariants.filter(name => result[name] > 0)
  if (broken.length > 0) return `BROKEN: ${broken.map(name => `${name} ${result[name]}`).join(', ')}`
  return result.power < 0.9 ? 'VOID: too few trials hit their moment' : 'HELD'
}

export function summaryOf(result: Result): string {
  const counts = invariants.map(name => `${name} ${result[name]}`).join(', ')
  return `${verdictOf(result)}. ${result.hits} hits in ${result.trials} trials (power ${result.power}), ${result.effects} effects; ${counts}; overpark ${result.overpark}. With 95 % at most ${percent(result.bound95)} of hits break the promise (rule of three; a fault that meets many runs counts once). Seed ${result.seed}.`
}

/** Hits over adapters and deployments, the faults in the order of the matrix. */
function faultsOf({ rows }: Result): string {
  const lines = everyFault.flatMap(({ name, says }) => {
    const own = rows.filter(({ fault }) => fault === name)
    const hits = (mode?: string) => own.reduce((sum, row) => sum + (mode === undefined || row.mode === mode ? row.hits : 0), 0)
    return own.length === 0 ? [] : [`| ${name} | ${says} | ${hits('embedded')} | ${hits('distributed')} | ${percent(bound95(hits()))} |`]
  })
  return ['| fault | what it is | embedded | distributed | at most, with 95 % |', '| --- | --- | --- | --- | --- |', ...lines].join('\n')
}

/** Hits by adapter and deployment: a bound holds for what was hit, and for nothing else. */
function groupsOf({ rows }: Result): string {
  const groups = new Map<string, number>()
  for (const { fault, mode, adapter, hits } of rows) {
    const name = `| ${fault} | ${mode} | ${adapter} |`
    groups.set(name, (groups.get(name) ?? 0) + hits)
  }
  const lines = [...groups].map(([name, hits]) => `${name} ${hits} | ${percent(bound95(hits))} |`)
  return ['| fault | mode | adapter | hits | at most, with 95 % |', '| --- | --- | --- | --- | --- |', ...lines].join('\n')
}

const loadsOf = (loads: Known['loads']): string =>
  loads.map(load => `\n${loadText(load)}\nMade on ${load.madeOn} on ${load.cores} cores.\n`).join('')

export const reportOf = (result: Result, loads: Known['loads'] = []): string => `# What the fault campaign found

Made on ${result.madeOn} on ${result.cores} cores by \`npm run faults\`; \`npm run faults -- --help\` tells how to make it again.
The checker reads the targets' effect ledgers, what the callers wrote down before they called, and the public API; never our own store.

**${summaryOf(result)}**

- \`dup\`: an effect twice. \`lost\`: accepted, and without an end. \`liarYes\`, \`liarNo\`: the API says done, or not done, and the target says otherwise.
  \`phantom\`: an effect that nobody asked for. \`torn\`: a key with two runs or two answers. \`residue\`: processes, folders, messages left behind.
- \`parked\` runs ended as \`outcome_unknown\`: right where nothing can be known, and never run again. \`overpark\`: parked runs for each hit.
- The cores did much else on some of these days, which stretches the times to recovery.
- Leases are 1 s here instead of 10 s, and the settle time is 300 ms: times to recovery begin at the fault and hold for these.
- A bound is about hits of that fault in this harness. It is no promise of "exactly once".

## By fault

${faultsOf(result)}

## By fault, deployment and adapter

${groupsOf(result)}

## By moment

${tableOf(result.rows)}
${loadsOf(loads)}`
