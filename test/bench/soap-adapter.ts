/** A read through the SOAP adapter alone, against a bare undici POST with xml2js and against node-soap's client, on the same answers. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createClientAsync } from 'soap'
import { Pool } from 'undici'
import { parseStringPromise } from 'xml2js'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import type { JsonObject } from '../../src/index.ts'
import { importWsdl } from '../../src/manifest/import/wsdl/import-wsdl.ts'
import { writeManifest } from '../../src/manifest/import/wsdl/write-manifest.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { newCall } from '../adapters/soap/fixture.ts'
import { inTurns, summary } from './calls.ts'
import { median, printTable, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { benchHostile } from './hostile.ts'
import { type Lag, loopLag } from './loop-lag.ts'
import { type Program, startProgram } from './program.ts'

const here = import.meta.dirname
const wsdl = join(here, 'orders/orders.wsdl')
const sizes = { '2 KB': 5, '50 KB': 150, '1 MB': 3_000 } as const
/** The largest of the shared files, where they lie beside the checkout: of the first a schema is missing, so it is refused. */
const shared = join(here, '../../../shared/material/wsdl')
const largest = ['vmware-vim/vim.wsdl', 'omniture-admin/OmnitureAdminServices.wsdl']

const envelope = (count: number): string =>
  '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
  `<o:ListOrders xmlns:o="urn:bench.example:orders"><o:count>${count}</o:count></o:ListOrders></soap:Body></soap:Envelope>`

type Ask = (count: number) => Promise<unknown>
type Asks = Readonly<Record<'bare' | 'adapter' | 'nodeSoap', Ask>>

export async function benchSoapAdapter({ rounds, seconds }: BenchOptions): Promise<object> {
  const service = await startProgram([join(here, 'orders/server.ts')], {})
  const plan = await importedPlan()
  const { asks, close } = await contenders(service, plan)
  try {
    const reads: Record<string, object> = {}
    for (const name of ['2 KB', '50 KB'] as const)
      reads[name] = await compareReads(asks, { count: sizes[name], rounds, calls: seconds * 100 })
    printReads(reads as Record<string, Reads>, rounds)
    const lag = await lagOf(asks, rounds)
    printTable(
      'A 1 MB answer (milliseconds)',
      ['', 'time', 'longest block of the event loop', 'longest CPU time of one'],
      [['adapter', lag.ms, lag.longestMs, lag.cpuMs]]
    )
    return { reads, lag, hostile: await benchHostile(plan, service.url), ...(await importLargest(rounds)) }
  } finally {
    await close()
    await service.stop()
  }
}

async function contenders({ url }: Program, plan: Plan): Promise<{ asks: Asks; close(): Promise<void> }> {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: 1 })
  const headers = { 'content-type': 'text/xml; charset=utf-8', soapaction: '"urn:bench.example:orders/ListOrders"' }
  const adapter = createAdapter()
  const client = await createClientAsync(wsdl, {}, url)
  return {
    asks: {
      bare: async count => {
        const { body } = await pool.request({ path: pathname, method: 'POST', headers, body: envelope(count) })
        return parseStringPromise(await body.text())
      },
      adapter: count => adapter.run(newCall({ plan, url, input: { count } as JsonObject, credentials: {} }).call),
      // Without `forever` it would ask for a new connection each time.
      nodeSoap: count => client.ListOrdersAsync({ count }, { forever: true })
    },
    close: async () => {
      await Promise.all([pool.close(), adapter.close()])
    }
  }
}

/** As a team gets it: imported, written, loaded. */
async function importedPlan(): Promise<Plan> {
  const { manifest } = await importWsdl(wsdl, { bot: 'bench' })
  const adapters = { soap: createAdapter() }
  const { bot, issues } = await loadManifest(writeManifest(manifest), {
    file: 'bot.yaml',
    name: 'bench',
    adapters,
    env: () => undefined,
    trusted: true
  })
  const action = bot?.actions[0]
  if (action === undefined) throw new Error(`the imported manifest is not valid: ${JSON.stringify(issues)}`)
  return action.steps as Plan
}

interface Reads {
  readonly p50: Readonly<Record<keyof Asks, number>>
  /** Adapter over bare: median, least and most of the rounds. */
  readonly overBare: readonly [number, number, number]
  readonly overNodeSoap: readonly [number, number, number]
}

interface ReadOptions {
  readonly count: number
  readonly rounds: number
  readonly calls: number
}

async function compareReads(asks: Asks, { count, rounds, calls }: ReadOptions): Promise<Reads> {
  const work = { bare: () => asks.bare(count), adapter: () => asks.adapter(count), nodeSoap: () => asks.nodeSoap(count) }
  await sameAnswers(asks, count)
  await inTurns(500, work)
  const seen: Record<keyof Asks, number>[] = []
  for (let round = 0; round < rounds; round++) {
    const times = await inTurns(calls, work)
    const [bare, adapter, nodeSoap] = [times.bare, times.adapter, times.nodeSoap].map(all => summary(all).p50) as [number, number, number]
    seen.push({ bare, adapter, nodeSoap })
  }
  const of = (name: keyof Asks) => rounded(median(seen.map(each => each[name])))
  const over = (name: 'bare' | 'nodeSoap'): [number, number, number] => {
    const ratios = seen.map(each => each.adapter / each[name])
    return [rounded(median(ratios)), rounded(Math.min(...ratios)), rounded(Math.max(...ratios))]
  }
  return {
    p50: { bare: of('bare'), adapter: of('adapter'), nodeSoap: of('nodeSoap') },
    overBare: over('bare'),
    overNodeSoap: over('nodeSoap')
  }
}

/** Nobody is fast by reading less. */
async function sameAnswers(asks: Asks, count: number): Promise<void> {
  const [ours, [theirs]] = (await Promise.all([asks.adapter(count), asks.nodeSoap(count)])) as [JsonObject, [JsonObject]]
  const orders = [ours.order, theirs.order] as unknown as readonly (readonly JsonObject[])[]
  if (orders.some(list => list?.length !== count || list[count - 1]?.number !== `O-${100_000 + count - 1}`))
    throw new Error(`the clients read something else: ${JSON.stringify(orders.map(list => list?.at(-1)))}`)
}

function printReads(reads: Readonly<Record<string, Reads>>, rounds: number): void {
  const range = ([middle, least, most]: readonly [number, number, number]) => `${middle} (${least} to ${most})`
  printTable(
    `SOAP read, the adapter alone (milliseconds; median of ${rounds} rounds)`,
    ['', 'bare undici + xml2js', 'adapter', 'node-soap', 'adapter / bare', 'adapter / node-soap'],
    Object.entries(reads).map(([name, { p50, overBare, overNodeSoap }]) => [
      name,
      p50.bare,
      p50.adapter,
      p50.nodeSoap,
      range(overBare),
      range(overNodeSoap)
    ])
  )
}

async function lagOf(asks: Asks, rounds: number): Promise<{ ms: number; longestMs: number; cpuMs: number }> {
  const [times, lags]: [number[], Lag[]] = [[], []]
  for (let i = 0; i < rounds * 4; i++) {
    const begun = performance.now()
    lags.push(await loopLag(() => asks.adapter(sizes['1 MB'])))
    times.push(performance.now() - begun)
  }
  const longest = (name: keyof Lag) => rounded(median(lags.slice(rounds).map(each => each[name])), 1)
  // The first are read by code that V8 has not compiled yet.
  return { ms: rounded(median(times.slice(rounds)), 1), longestMs: longest('ms'), cpuMs: longest('cpuMs') }
}

async function importLargest(rounds: number): Promise<{ imports: readonly Import[] }> {
  const imports: Import[] = []
  for (const name of largest.filter(each => existsSync(join(shared, each)))) imports.push(await timeImport(name, rounds))
  printTable(
    'Importing the largest shared WSDL files (milliseconds)',
    ['', 'outcome', 'first', 'median'],
    imports.map(({ name, outcome, firstMs, ms }) => [name, outcome, firstMs, ms])
  )
  return { imports }
}

interface Import {
  readonly name: string
  readonly outcome: string
  readonly firstMs: number
  readonly ms: number
}

async function timeImport(name: string, rounds: number): Promise<Import> {
  const times: number[] = []
  let outcome = ''
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now()
    outcome = await importWsdl(join(shared, name), { bot: 'largest' }).then(
      ({ manifest }) => `${Math.round(writeManifest(manifest).length / 1_000)} KB of manifest`,
      (error: { code?: string }) => String(error.code ?? error)
    )
    times.push(performance.now() - begun)
  }
  return { name, outcome, firstMs: Math.round(times[0] ?? 0), ms: Math.round(median(times)) }
}
