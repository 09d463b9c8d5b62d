/** Requests are held while a run commits; the other runs of that login notice nothing of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { BrowserHolder } from '../../adapters/playwright/browser.ts'
import { interceptionOf } from '../../adapters/playwright/interception.ts'
import { Tab } from '../../adapters/playwright/tab.ts'
import type { JsonObject } from '../../src/index.ts'
import { times } from '../contract/fixtures.ts'
import { until } from '../setup/until.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
beforeAll(async () => {
  site = await startSite({
    '/look': '<h1>Balance</h1>',
    '/form': '<form action=/paid method=post><button>Pay</button></form>',
    '/paid': '<p>Paid</p>',
    '/broken': (_, response) => void response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Balance</h1>'),
    '/styled': '<link rel=stylesheet href=/style><h1>Balance</h1>',
    '/style': (_, response) => void response.writeHead(200, { 'content-type': 'text/css', 'cache-control': 'max-age=600' }).end('h1{}'),
    '/polling': `<h1>Balance</h1><script>setInterval(()=>fetch('/tick'),1200)</script>`,
    '/tick': ''
  })
})
beforeEach(() => void site.requests.splice(0))
afterAll(async () => {
  await adapter.close()
  await site.close()
})

const parsed = (...steps: JsonObject[]) => parseAction(adapter, { effect: 'irreversible', steps }).steps
const heading = { extract: { heading: { css: 'h1' } } }
const paying = parsed({ goto: '/form' }, { click: { role: 'button', name: 'Pay' }, commit: true })
const looking = (path: string) => parsed({ goto: path, timeout: '5s' }, heading)
/** Of the login of that name. */
const run = (steps: unknown, username: string) =>
  adapter.run(callOf(steps, { url: site.url, credentials: { username, password: 'Branch#2004' }, concurrency: 8 }))
const count = (request: string) => site.requests.filter(each => each === request).length

test('a page that just loads gets its answer while others come to their commit point and leave it', async () => {
  let isOver = false
  const lookers = Array.from({ length: 3 }, async () => {
    let looks = 0
    for (; !isOver; looks++) expect(await run(looking('/look'), 'ann')).toEqual({ heading: 'Balance' })
    return looks
  })
  const payers = Array.from({ length: 2 }, async () => {
    for (let round = 0; round < 12; round++) expect(await run(paying, 'ann')).toEqual({})
  })
  await Promise.all(payers).finally(() => {
    isOver = true
  })
  const looks = await Promise.all(lookers)
  expect(count('POST /paid')).toBe(24)
  expect(Math.min(...looks)).toBeGreaterThan(0)
})

test('the status of an answer is known also when requests begin to be held on its way', async () => {
  const browsers = new BrowserHolder({})
  const { browser } = await browsers.get()
  const seen: number[] = []
  for (let round = 0; round < 24; round++) {
    const context = await browser.newContext()
    const tabs = await Promise.all(times(3, async () => new Tab(await context.newPage(), () => undefined)))
    const going = tabs.map(tab => tab.goto(`${site.url}/broken`))
    await sleep(round)
    await interceptionOf(context).turnOn()
    await Promise.all(going)
    seen.push(...tabs.map(({ status }) => status))
    await context.close()
  }
  await browsers.close()
  expect(seen).toEqual(times(72, () => 500))
})

test('a login where no run is at work rests: its pages use their cache again, and one that asks by itself is closed', async () => {
  const look = (path: string) => run(looking(path), 'eve')
  await look('/styled')
  await look('/styled')
  expect(count('GET /style')).toBe(1)
  const before = adapter.stats?.().pages
  await run(paying, 'eve')
  await look('/styled')
  expect(count('GET /style')).toBeGreaterThan(1)
  await Promise.all([look('/polling'), look('/styled')])
  expect(adapter.stats?.().pages).toBe((before ?? 0) + 1)
  await until('the page that polls is closed', () => adapter.stats?.().pages === before)
  await look('/styled')
  const rested = count('GET /style')
  await look('/styled')
  await look('/styled')
  expect(count('GET /style')).toBe(rested)
  expect(await run(paying, 'eve')).toEqual({})
})
