/** Hostile answers through the SOAP adapter: what becomes of them, how long nobody else gets a turn, how much memory stays or is taken. */
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { newCall } from '../adapters/soap/fixture.ts'
import { printTable, rounded } from './figures.ts'
import { loopLag } from './loop-lag.ts'
import { hostileAnswers } from './orders/hostile-answers.ts'

export async function benchHostile(plan: Plan, url: string): Promise<object> {
  const adapter = createAdapter()
  const { origin } = new URL(url)
  const rows: { name: string; outcome: string; ms: number; longestBlockMs: number; cpuMs: number; peakMiB: number }[] = []
  for (const [index, name] of Object.keys(hostileAnswers).entries()) {
    const begun = performance.now()
    let outcome = 'read'
    const { call } = newCall({ plan, url: `${origin}/hostile/${index}`, input: { count: 1 }, credentials: {} })
    const memory = watchMemory()
    const lag = await loopLag(() =>
      adapter.run(call).catch((error: { code?: string }) => {
        outcome = String(error.code ?? error)
      })
    )
    rows.push({
      name,
      outcome,
      ms: Math.round(performance.now() - begun),
      longestBlockMs: rounded(lag.ms, 0),
      cpuMs: rounded(lag.cpuMs, 0),
      peakMiB: memory.stop()
    })
  }
  await adapter.close()
  printTable(
    'Hostile answers (milliseconds; memory above what was there before)',
    ['', 'outcome', 'time', 'longest block', 'longest CPU of one', 'peak MiB'],
    rows.map(({ name, outcome, ms, longestBlockMs, cpuMs, peakMiB }) => [name, outcome, ms, longestBlockMs, cpuMs, peakMiB])
  )
  return rows
}

/** Looks at each turn of the event loop, so between any two pieces of the work. */
function watchMemory(): { stop(): number } {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let peak = before
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const timer = setInterval(look, 5)
  return {
    stop: () => {
      clearInterval(timer)
      look()
      return Math.round((peak - before) / 1_048_576)
    }
  }
}
