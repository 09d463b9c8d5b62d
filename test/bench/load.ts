/** The load, as a process of its own: `URL CONCURRENCY SECONDS KEY` → one JSON line with percentiles in milliseconds and calls per second. */
import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'

const [url = '', concurrency = '1', seconds = '3', key = ''] = process.argv.slice(2)
const { origin, pathname } = new URL(url)
const pool = new Pool(origin, { connections: Number(concurrency), pipelining: 1 })
const latencies: number[] = []
const failures = new Map<number, number>()
let count = 0

async function one(): Promise<void> {
  const begun = performance.now()
  const { statusCode, body } = await pool.request({
    path: pathname,
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ customerId: 'C-1', invoice: { number: `I-${count++}`, amount: 1 } })
  })
  await body.dump()
  if (statusCode !== 200) failures.set(statusCode, (failures.get(statusCode) ?? 0) + 1)
  latencies.push(performance.now() - begun)
}

async function loop(untilMs: number): Promise<void> {
  while (performance.now() < untilMs) await one()
}

async function phase(ms: number): Promise<number> {
  latencies.length = 0
  const begun = performance.now()
  await Promise.all(Array.from({ length: Number(concurrency) }, () => loop(begun + ms)))
  return performance.now() - begun
}

await phase(Math.min(1_500, Number(seconds) * 500))
const ms = await phase(Number(seconds) * 1_000)
latencies.sort((a, b) => a - b)
const percentile = (share: number): number =>
  Math.round((latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0) * 100) / 100
console.log(
  JSON.stringify({
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    perSecond: Math.round((latencies.length / ms) * 1_000),
    failures: Object.fromEntries(failures)
  })
)
await pool.close()
