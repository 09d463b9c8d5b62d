/** `npm run faults`: makes faults, and says what became of the promise. See `--help`. */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startRabbit, startRedis } from '../setup/services.ts'
import { carryOut } from './campaign.ts'
import { type Caught, challengeAll, challenged } from './challenges.ts'
import { violations } from './checker.ts'
import type { Fault } from './fault.ts'
import { faults } from './faults.ts'
import { type Batch, rowsOf, sumsOf } from './figures.ts'
import { type LoadResult, loadText, underSteadyLoad } from './load.ts'
import { type Known, type Made, type Result, readResults, reportOf, summaryOf, together, verdictOf } from './report.ts'
import { tableOf } from './table.ts'
import { type AdapterName, adapterNames } from './targets.ts'
import { type Mode, modes, type Servers } from './world.ts'

const help = `npm run faults -- [options]
  --mode embedded|distributed|all   default all
  --adapter echo|soap|playwright|all  default all
  --fault all|<name>[,<name>]       ${faults.map(({ name }) => name).join(' ')}
  --hits N                          of each fault, adapter and mode; default 30
  --seed S                          default: from the clock, and printed
  --lanes L                         worlds at once; default 3
  --minutes M                       no new trial after that, as after Ctrl-C; default: no limit
  --report FILE                     writes a report there
  --merge PATH                      no new faults: a report of what --json wrote before, a file or a folder of them; may be given
                                    several times. test/faults/REPORT.md is that of test/faults/results
  --json                            the last line of standard output is one JSON object
  --load                            100 calls a second embedded and 300 distributed for five minutes, a fault every ten seconds,
                                    and for distributed a broker that is away for 60 s; with --mode, and:
  --rate R --seconds S --every S --outage S
  --mutants                         runs the broken builds instead, and says which were caught`

const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'all' },
    adapter: { type: 'string', default: 'all' },
    fault: { type: 'string', default: 'all' },
    hits: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lanes: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '100000' },
    report: { type: 'string' },
    json: { type: 'boolean', default: false },
    merge: { type: 'string', multiple: true },
    mutants: { type: 'boolean', default: false },
    load: { type: 'boolean', default: false },
    rate: { type: 'string' },
    seconds: { type: 'string', default: '300' },
    every: { type: 'string', default: '10' },
    outage: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false }
  }
})

interface Cell {
  readonly fault: Fault
  readonly mode: Mode
  readonly adapter: AdapterName
}

const among = <T extends string>(all: readonly T[], wanted: string): readonly T[] =>
  wanted === 'all' ? all : all.filter(one => wanted.split(',').includes(one))

function cells(): readonly Cell[] {
  const names = among(
    faults.map(({ name }) => name),
    values.fault
  )
  return faults
    .filter(({ name }) => names.includes(name))
    .flatMap(fault =>
      among(modes, values.mode)
        .filter(mode => fault.modes.includes(mode))
        .flatMap(mode =>
          among(adapterNames, values.adapter)
            .filter(adapter => fault.adapters.includes(adapter))
            .map(adapter => ({ fault, mode, adapter }))
        )
    )
}

const say = (text: string) => process.stderr.write(text)

/** Ctrl-C once: what was found so far is told. */
function onStop(work: () => void): void {
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (asked) process.exit(130)
      asked = true
      work()
    })
}

async function campaign(servers: Servers | undefined): Promise<number> {
  const seed = Number(values.seed)
  let until = Date.now() + Number(values.minutes) * 60_000
  onStop(() => {
    until = Date.now()
    say('\nends when the trials under way have ended; once more: at once\n')
  })
  const batches: Batch[] = []
  say(`seed ${seed}\n`)
  for (const cell of cells()) {
    if (Date.now() > until) break
    const title = `${cell.fault.name} ${cell.mode} ${cell.adapter}`
    let done = 0
    let hit = 0
    const from = Date.now()
    const onTrial = (trial: { hit: boolean }) => {
      done++
      if (trial.hit) hit++
      const minutes = (Date.now() - from) / 60_000
      say(`\r${title}: ${hit} hits in ${done} trials, ${Math.round(minutes * 60)} s, ${(hit / minutes).toFixed(0)} hits a minute   `)
    }
    const isOver = () => Date.now() > until
    const found = await carryOut({ ...cell, hits: Number(values.hits), seed, lanes: Number(values.lanes), servers, isOver, onTrial })
    batches.push(...found)
    const wrong = found.flatMap(batch => [...violations(batch.verdict), ...batch.residue.map(text => `residue: ${text}`)])
    say(`${wrong.length === 0 ? 'all held' : `\n  ${wrong.slice(0, 20).join('\n  ')}`}\n`)
  }
  return report({ ...sumsOf(batches), ...made(), seed, rows: rowsOf(batches) })
}

const made = (): Made => ({ madeOn: new Date().toISOString().slice(0, 10), cores: cpus().length })

function report(result: Result, loads: Known['loads'] = []): number {
  process.stdout.write(`${tableOf(result.rows)}\n\n${summaryOf(result)}\n`)
  if (values.report !== undefined) writeFileSync(values.report, reportOf(result, loads))
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  return verdictOf(result) === 'HELD' ? 0 : 1
}

async function showMutants(servers: Servers): Promise<number> {
  const done = ({ mutant, caught, breaks }: Caught) =>
    say(`${caught.length > 0 ? 'caught' : 'MISSED'}  ${mutant}  (${breaks.join(', ') || 'nothing broken'})\n`)
  const found = await challengeAll(servers, { atOnce: Number(values.lanes), done })
  const caught = found.filter(one => one.caught.length > 0).length
  process.stdout.write(`${caught} of ${challenged.length} mutants caught\n`)
  if (values.json) process.stdout.write(`${JSON.stringify({ caught, mutants: found })}\n`)
  return caught === challenged.length ? 0 : 1
}

const rates: Readonly<Record<Mode, number>> = { embedded: 100, distributed: 300 }

async function showLoad(): Promise<number> {
  const results: (LoadResult & Made)[] = []
  for (const mode of among(modes, values.mode)) {
    const times = { seconds: Number(values.seconds), everySeconds: Number(values.every), outageSeconds: Number(values.outage) }
    const order = { mode, perSecond: Number(values.rate ?? rates[mode]), seed: Number(values.seed), ...times, say }
    results.push({ ...(await underSteadyLoad(order)), ...made() })
  }
  process.stdout.write(`${results.map(loadText).join('\n')}\n`)
  if (values.report !== undefined) writeFileSync(values.report, results.map(loadText).join('\n'))
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  return results.every(({ wrong }) => wrong.length === 0) ? 0 : 1
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(`${help}\n`)
    return 0
  }
  if (values.load) return showLoad()
  if (values.merge !== undefined) {
    const { campaigns, loads } = readResults(values.merge)
    return report(together(campaigns), loads)
  }
  const needed = values.mutants || cells().some(({ fault, mode }) => mode === 'distributed' && fault.ownServers !== 'both')
  const servers = needed ? await Promise.all([startRedis(), startRabbit()]) : undefined
  const urls = servers && { REDIS_URL: servers[0].url, RABBITMQ_URL: servers[1].url }
  try {
    return values.mutants && urls !== undefined ? await showMutants(urls) : await campaign(urls)
  } finally {
    await Promise.all(servers?.map(server => server.stop()) ?? [])
  }
}

process.exit(await main())
