/** Timed calls one after the other, and what a call costs beyond its hop. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { median, rounded } from './figures.ts'

export interface Timed {
  readonly p50: number
  readonly p95: number
}

export interface Caller {
  call(action: string, input: object): Promise<void>
  close(): Promise<void>
}

export function openCaller(url: string, key: string): Caller {
  const pool = new Pool(url, { connections: 1 })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return {
    call: async (action, input) => {
      const { statusCode, body } = await pool.request({
        path: `/v1/actions/${action}`,
        method: 'POST',
        headers,
        body: JSON.stringify(input)
      })
      const text = await body.text()
      if (statusCode !== 200) throw new Error(`${action} answered ${statusCode}: ${text}`)
    },
    close: () => pool.close()
  }
}

/** Registers the echo bot in a running program, so that the hop is measured in the same process. */
export async function registerBench(url: string, key: string): Promise<void> {
  const pool = new Pool(url)
  const body = readFileSync(join(import.meta.dirname, 'bots/bench/bot.yaml'), 'utf8')
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/yaml' }
  const answer = await pool.request({ path: '/v1/bots/bench', method: 'PUT', headers, body })
  const text = await answer.body.text()
  if (answer.statusCode >= 300) throw new Error(`registering answered ${answer.statusCode}: ${text}`)
  await pool.close()
}

export const echoInput = { customerId: 'C-1', invoice: { number: 'I-1', amount: 1 } }

const contenders = ['bare', 'call', 'hop'] as const
type Contender = (typeof contenders)[number]

export interface Compared extends Readonly<Record<Contender, Timed>> {
  /** (call − hop) over bare: of the medians, and of the best and the worst round. */
  readonly ratio: number
  readonly ratios: readonly [least: number, most: number]
}

/** One call of each in turns, so that the machine's noise hits all alike; medians over the rounds. Milliseconds. */
export async function compare(
  { rounds, count }: { readonly rounds: number; readonly count: number },
  work: Readonly<Record<Contender, () => Promise<unknown>>>
): Promise<Compared> {
  const seen: Record<Contender, Timed[]> = { bare: [], call: [], hop: [] }
  for (let round = 0; round < rounds; round++) {
    const times = await inTurns(count, work)
    for (const name of contenders) seen[name].push(summary(times[name]))
  }
  const of = (name: Contender): Timed => ({
    p50: rounded(median(seen[name].map(({ p50 }) => p50))),
    p95: rounded(median(seen[name].map(({ p95 }) => p95)))
  })
  const [bare, call, hop] = [of('bare'), of('call'), of('hop')]
  const ratios = seen.bare.map(({ p50 }, round) => ((seen.call[round]?.p50 ?? 0) - (seen.hop[round]?.p50 ?? 0)) / p50)
  return { bare, call, hop, ratio: rounded(median(ratios)), ratios: [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))] }
}

/** The latencies of each, after a tenth as many calls for warming up. */
export async function inTurns<Name extends string>(
  count: number,
  work: Readonly<Record<Name, () => Promise<unknown>>>
): Promise<Record<Name, number[]>> {
  const names = Object.keys(work) as Name[]
  const times = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<Name, number[]>
  for (let i = -Math.max(3, Math.ceil(count / 10)); i < count; i++) {
    for (const name of names) {
      const begun = performance.now()
      await work[name]()
      if (i >= 0) times[name].push(performance.now() - begun)
    }
  }
  return times
}

export function summary(latencies: readonly number[]): Timed {
  const sorted = [...latencies].sort((a, b) => a - b)
  return { p50: median(sorted), p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0 }
}
