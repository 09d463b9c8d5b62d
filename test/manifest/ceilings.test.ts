import { expect, test } from '@jest/globals'
import { withCeilings } from '../../src/manifest/ceilings.ts'
import { payBot } from '../engine/open-engine.ts'

const ceilings = { runMs: 1_000, queueMs: 50_000, keptMs: 60_000, attempts: 2 }

test('what a manifest says above the ceilings of the operator is cut, and what is below stays', () => {
  const bot = withCeilings(payBot(), ceilings)
  expect(bot.actions[0]).toMatchObject({
    timeouts: { queueMs: 20_000, runMs: 1_000 },
    idempotency: { key: ['reference'], ttlMs: 60_000 },
    retry: { attempts: 2, backoffMs: 20 }
  })
  expect(bot.digest).toBe(payBot().digest)
})
