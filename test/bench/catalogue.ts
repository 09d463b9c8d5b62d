/** A catalogue of 1,000 actions: what it takes to compile it for each provider, to publish it, and to give it to who has had it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { parse, stringify } from 'yaml'
import { dialects } from '../../src/surface/dialect.ts'
import { median, printTable, progress, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { adminKey, startOurs } from './start-ours.ts'

const here = import.meta.dirname
const actionCount = 1_000
const actionsOfBot = 50

interface Manifest {
  readonly actions: Readonly<Record<string, object>>
}

/** The keys of an action that every adapter knows. */
const common = ['title', 'description', 'effect', 'scopes', 'input', 'output', 'example', 'idempotency'] as const

/** The sample bots' own actions over and over, on the echo adapter. */
function writeBots(folder: string): void {
  const samples = ['teller', 'corebank'].flatMap(name =>
    Object.entries((parse(readFileSync(join(here, '../../bots', name, 'bot.yaml'), 'utf8')) as Manifest).actions)
  )
  for (let bot = 0; bot < actionCount / actionsOfBot; bot++) {
    const actions = Array.from({ length: actionsOfBot }, (_, i) => {
      const [name, action] = samples[i % samples.length] as (typeof samples)[number]
      const kept = common.flatMap(key => (key in action ? [[key, (action as Record<string, unknown>)[key]]] : []))
      const { effect } = action as { effect: string }
      return [`${name}_${i}`, { ...Object.fromEntries(kept), ...(effect === 'read' ? {} : { commit: true }) }] as const
    })
    const manifest = { bot: `bank${bot}`, version: '1.0.0', title: `Bank ${bot}`, adapter: 'echo', target: { url: 'http://127.0.0.1:9' } }
    mkdirSync(join(folder, `bank${bot}`), { recursive: true })
    writeFileSync(join(folder, `bank${bot}/bot.yaml`), stringify({ ...manifest, actions: Object.fromEntries(actions) }))
  }
}

const paths: Readonly<Record<string, string>> = {
  ...Object.fromEntries(dialects.map(dialect => [`tools, ${dialect}`, `/tools?format=${dialect}`])),
  ...Object.fromEntries(['openai', 'anthropic'].map(dialect => [`tools, ${dialect} strict`, `/tools?format=${dialect}&strict=true`])),
  'openapi.json': '/openapi.json',
  'openapi.json, 3.0': '/openapi.json?version=3.0',
  'openapi.yaml': '/openapi.yaml'
}

export async function benchCatalogue({ seconds }: BenchOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
  writeBots(join(folder, 'bots'))
  progress(`catalogue: loading ${actionCount} actions`)
  const program = await startOurs('up', { DATA_DIR: join(folder, 'data'), BOTS_DIR: join(folder, 'bots') })
  const pool = new Pool(program.url, { connections: 1 })
  try {
    const rows: Row[] = []
    for (const [name, path] of Object.entries(paths)) rows.push(await measure(pool, { name, path, count: seconds * 20 }))
    print(rows)
    return rows
  } finally {
    await pool.close()
    await program.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Row {
  readonly name: string
  /** Compiled, written and sent for the first time. */
  readonly firstMs: number
  readonly kb: number
  /** First byte of the same answer again. */
  readonly again: { readonly p50: number; readonly p95: number }
  /** 304 to who has it. */
  readonly unchanged: { readonly p50: number; readonly p95: number }
}

const authorization = `Bearer ${adminKey}`

async function measure(pool: Pool, { name, path, count }: { name: string; path: string; count: number }): Promise<Row> {
  const begun = performance.now()
  const first = await pool.request({ path, method: 'GET', headers: { authorization } })
  const text = await first.body.text()
  const firstMs = performance.now() - begun
  if (first.statusCode !== 200) throw new Error(`${path} answered ${first.statusCode}: ${text.slice(0, 500)}`)
  const etag = String(first.headers.etag)
  return {
    name,
    firstMs: rounded(firstMs, 0),
    kb: rounded(Buffer.byteLength(text) / 1024, 0),
    again: await firstBytes(pool, { path, count, headers: { authorization }, status: 200 }),
    unchanged: await firstBytes(pool, { path, count, headers: { authorization, 'if-none-match': etag }, status: 304 })
  }
}

interface Asking {
  readonly path: string
  readonly count: number
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
}

/** Until the head of the answer is there; the body is read outside of the time. */
async function firstBytes(pool: Pool, { path, count, headers, status }: Asking): Promise<Row['again']> {
  const seen: number[] = []
  for (let i = 0; i < count + 3; i++) {
    const begun = performance.now()
    const answer = await pool.request({ path, method: 'GET', headers })
    if (i >= 3) seen.push(performance.now() - begun)
    if (answer.statusCode !== status) throw new Error(`${path} answered ${answer.statusCode}`)
    await answer.body.dump({ limit: Number.POSITIVE_INFINITY })
  }
  seen.sort((a, b) => a - b)
  return { p50: rounded(median(seen)), p95: rounded(seen[Math.floor(seen.length * 0.95)] ?? 0) }
}

function print(rows: readonly Row[]): void {
  printTable(
    `A catalogue of ${actionCount} actions (milliseconds; first byte of the same list again, and of a 304)`,
    ['', 'compiled and sent', 'KiB', 'again p50', 'again p95', '304 p50', '304 p95'],
    rows.map(({ name, firstMs, kb, again, unchanged }) => [name, firstMs, kb, again.p50, again.p95, unchanged.p50, unchanged.p95])
  )
}
