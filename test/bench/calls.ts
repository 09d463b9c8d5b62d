/** Timed calls one after the other, and what a call costs beyond its hop. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { median, rounded } from './figures.ts'

export interface Timed {
  readonly p50: number
  readonly p95: number
}

/** Runs the work `count` times after a tenth as many for warming up. Milliseconds. */
export async function timed(count: number, work: (index: number) => Promise<void>): Promise<Timed> {
  for (let i = 0; i < Math.max(3, count / 10); i++) await work(i)
  const latencies: number[] = []
  for (let i = 0; i < count; i++) {
    const begun = performance.now()
    await work(i)
    latencies.push(performance.now() - begun)
  }
  latencies.sort((a, b) => a - b)
  return { p50: median(latencies), p95: latencies[Math.floor(latencies.length * 0.95)] ?? 0 }
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

export interface Compared {
  readonly bare: Timed
  readonly call: Timed
  readonly hop: Timed
  /** (call − hop) over bare, of the medians. */
  readonly ratio: number
}

/** The three in turns, so that the machine's noise hits all alike; medians over the rounds. */
export async function compare(rounds: number, work: Readonly<Record<'bare' | 'call' | 'hop', () => Promise<Timed>>>): Promise<Compared> {
  const seen = { bare: [] as Timed[], call: [] as Timed[], hop: [] as Timed[] }
  for (let round = 0; round < rounds; round++) {
    for (const name of ['bare', 'call', 'hop'] as const) seen[name].push(await work[name]())
  }
  const of = (name: 'bare' | 'call' | 'hop'): Timed => ({
    p50: rounded(median(seen[name].map(({ p50 }) => p50))),
    p95: rounded(median(seen[name].map(({ p95 }) => p95)))
  })
  const [bare, call, hop] = [of('bare'), of('call'), of('hop')]
  return { bare, call, hop, ratio: rounded((call.p50 - hop.p50) / bare.p50) }
}
