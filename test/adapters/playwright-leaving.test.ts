/** A page that asks whether to leave it with what was not saved, as forms of portals do. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { callOf, type Output, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
beforeAll(async () => {
  site = await startSite({
    '/form': `<label>Name <input></label><a href=/other>Other</a><button>Pay</button>
      <script>addEventListener('beforeunload',event=>{event.preventDefault();event.returnValue='x'})</script>`,
    '/other': '<h1>Other</h1>',
    '/send': '<form action=/sent method=post><button>Send</button></form>'
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

async function run(steps: readonly JsonObject[], more: JsonObject = {}) {
  const parsed = parseAction(adapter, { steps: [{ goto: '/form' }, { fill: { label: 'Name', value: 'Ann' } }, ...steps], ...more })
  expect(parsed.issues).toEqual([])
  const outcome = await adapter.run(callOf(parsed.steps, { url: site.url })).then(
    output => output as Output,
    error => error as Error
  )
  return { outcome, stats: adapter.stats?.() }
}
const heading = { extract: { heading: { css: 'h1' } } }

test('the next run on the page opens its own', async () => {
  expect((await run([])).outcome).toEqual({})
  expect(await run([])).toMatchObject({ outcome: {}, stats: { pages: 1, idle: 1 } })
})

test('goto leaves it', async () => {
  expect((await run([{ goto: '/other' }, heading])).outcome).toEqual({ heading: 'Other' })
})

test('a click asks, as of any question: the manifest says whether', async () => {
  const click = { click: { role: 'link', name: 'Other' } }
  expect((await run([click, heading])).outcome).toMatchObject({
    message: expect.stringContaining('unexpected dialog opened (beforeunload')
  })
  expect((await run([{ dialog: { answer: 'accept' } }, click, heading])).outcome).toEqual({ heading: 'Other' })
})

test('a page that did not send is emptied all the same, and its browser goes on', async () => {
  const pay = { click: { role: 'button', name: 'Pay' }, commit: true, timeout: '1s' }
  const { outcome, stats } = await run([pay], { effect: 'write' })
  expect(outcome).toMatchObject({ message: expect.stringContaining('no request left the page') })
  // Nobody waits for it; after ten seconds it would be ended by force.
  await sleep(11_000)
  const next = await run([])
  expect([stats?.browsersLaunched, next.outcome, next.stats?.browsersLaunched]).toEqual([1, {}, 1])
})

test('where many fail at their commit point at once, their pages are emptied, and the browser goes on', async () => {
  const own = createAdapter()
  const pay = { click: { role: 'button', name: 'Send' }, commit: true }
  const { steps } = parseAction(own, { effect: 'write', steps: [{ goto: '/send' }, pay] })
  const lost = Object.assign(new Error('run is no longer this worker’s'), { name: 'FenceLost' })
  const rounds = Array.from({ length: 8 }, async () => {
    for (let round = 0; round < 4; round++)
      await expect(own.run(callOf(steps, { url: site.url, concurrency: 8, commit: () => Promise.reject(lost) }))).rejects.toBe(lost)
  })
  await Promise.all(rounds)
  const stats = own.stats?.()
  await own.close()
  expect([stats?.browsersLaunched, site.requests.filter(request => request.startsWith('POST'))]).toEqual([1, []])
})
