/** Probes that mislead: `absent` sees nothing yet, `fail` cannot look, `slow` takes its time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Adapter } from '../../src/core/adapter.ts'

export function misleading(adapter: Adapter, how: string): Adapter {
  const { probe } = adapter
  if (how === '' || probe === undefined) return adapter
  return {
    ...adapter,
    probe: async call => {
      if (how === 'absent') return { found: false }
      if (how === 'fail') throw new Error('the probe fails (a test says so)')
      await sleep(1_500)
      return probe(call)
    }
  }
}
