/** A browser that ends while it is asked for something: whoever asked is told at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { BrowserHolder } from '../../adapters/playwright/browser.ts'
import { LoginContext } from '../../adapters/playwright/login-context.ts'
import type { Plan, StageCall } from '../../adapters/playwright/plan.ts'
import { until } from '../setup/until.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const browsers = new BrowserHolder({})
const plan = parseAction(createAdapter(), { steps: [{ goto: '/look' }] }).steps as Plan
let site: Site
let call: StageCall
beforeAll(async () => {
  site = await startSite({ '/look': '<h1>Balance</h1>' })
  call = callOf(plan, { url: site.url }) as unknown as StageCall
})
afterAll(async () => {
  await browsers.close()
  await site.close()
})

const open = () => new LoginContext({ key: 'k', browsers, call, plan })
const said = (work: Promise<unknown>) =>
  work.then(
    () => 'it is there',
    (error: Error) => error.message
  )
async function endBrowser(): Promise<void> {
  browsers.giveUp(await browsers.get())
}
const told = /^it is there$|browser is gone|has been closed/

test('for a page', async () => {
  for (let round = 0; round < 12; round++) {
    const context = open()
    await context.ready
    await context.take(call)
    const second = said(context.take(call))
    await sleep(round * 5)
    await endBrowser()
    expect(await second).toMatch(told)
    await until('the browser is gone', () => browsers.alive === 0)
  }
})

test('for a login', async () => {
  for (let round = 0; round < 12; round++) {
    await browsers.get()
    const ready = said(open().ready)
    await sleep(round * 5)
    await endBrowser()
    expect(await ready).toMatch(told)
    await until('the browser is gone', () => browsers.alive === 0)
  }
})

test('a login that takes no new run stays for the one that waits for its page, and goes after it', async () => {
  const context = open()
  await context.ready
  const first = await context.take(call)
  const coming = context.take(call)
  context.give(first, false)
  let isGone = false
  context.retire(() => {
    isGone = true
  })
  const second = await coming
  expect([second.page.isClosed(), isGone]).toEqual([false, false])
  context.give(second, true)
  expect(isGone).toBe(true)
})
