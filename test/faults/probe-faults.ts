/** Probes that mislead: `absent` sees nothing, `lag` nothing yet, `fail` cannot look, `slow` takes its time, `twin` finds somebody else's record. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Adapter } from '../../src/core/adapter.ts'

/** What a bank would answer about a payment of the same amount on the same day. */
const twin = { confirmation: 'CB1', posted_at: '2025-03-31T00:00:00Z', new_balance: 1, currency: 'EUR' }

export function misleading(adapter: Adapter, how: string): Adapter {
  const { probe } = adapter
  if (how === '' || probe === undefined) return adapter
  const looked = new Set<string>()
  return {
    ...adapter,
    probe: async call => {
      if (how === 'absent' || (how === 'lag' && !looked.has(call.run.id))) {
        looked.add(call.run.id)
        return { found: false }
      }
      if (how === 'twin') return { found: true, output: twin }
      if (how === 'fail') throw new Error('the probe fails (a test says so)')
      await sleep(1_500)
      return probe(call)
    }
  }
}
