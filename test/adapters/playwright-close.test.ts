/** What a browser holds leaves when its page closes: so a worker that stops must not close a page that is about to send. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { patienceMs, until } from '../setup/until.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { startSite } from './playwright/site.ts'

const rounds = 16

test('a worker stops at the moment of the click: the request never leaves', async () => {
  const site = await startSite({ '/form': '<form action=/paid method=post><button>Pay</button></form>', '/paid': '<p>Paid</p>' })
  const clicks = { effect: 'irreversible', steps: [{ goto: '/form' }, { click: { role: 'button', name: 'Pay' }, commit: true }] }
  /** From the begin of the step to the request, in milliseconds. */
  let clickMs = Number.POSITIVE_INFINITY
  for (let round = 0; round <= rounds; round++) {
    const adapter = createAdapter()
    const stop = new AbortController()
    const { steps } = parseAction(adapter, clicks)
    const asked = Promise.withResolvers<void>()
    // The engine's commit() lets nothing through that was aborted.
    const commit = () => {
      asked.resolve()
      return new Promise<void>((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason)))
    }
    const call = callOf(steps, { url: site.url, signal: stop.signal, commit })
    const run = adapter.run(call).catch(error => error)
    await until('its third step', () => call.seen.steps.length >= 3)
    const begun = performance.now()
    await Promise.race([
      asked.promise.then(() => {
        clickMs = Math.min(clickMs, performance.now() - begun)
      }),
      sleep(round === 0 ? patienceMs : clickMs - 24 + round * 2, undefined, { ref: false })
    ])
    stop.abort(new Error('the worker stops'))
    expect(await run).toMatchObject({ message: 'the worker stops' })
    await adapter.close()
    await sleep(100)
  }
  await site.close()
  expect(clickMs).toBeLessThan(patienceMs)
  expect(site.requests.filter(request => request.startsWith('GET /form')).length).toBe(rounds + 1)
  expect(site.requests.filter(request => request.startsWith('POST'))).toEqual([])
})
