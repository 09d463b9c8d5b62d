/** Sessions that end in place, where neither an address nor a status says so. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { Call, JsonObject, ScreenUse } from '../../src/index.ts'
import { botOf, failureOf } from '../sandbox/hard-pages/bot.ts'
import { ending, inPlace } from '../sandbox/hard-pages/in-place.ts'
import { type HardPages, startHardPages } from '../sandbox/hard-pages/server.ts'

const adapter = createAdapter()
let pages: HardPages
beforeAll(async () => {
  pages = await startHardPages({ 'in-place': inPlace })
})
afterAll(async () => {
  await adapter.close()
  await pages.close()
})
beforeEach(() => {
  ending.as = 'text'
})

const { ready: _, ...bare } = inPlace.target
const signedOff = { text: ['Session expired', 'Please sign on again'] }
const botWith = (target: JsonObject) => botOf({ adapter, pages, kind: 'in-place', target })

/** A time for what fails when the session is over. */
const timeout = '3s'
const orders = [{ goto: '/in-place/orders' }, { fill: { label: 'Ref', value: 'x' }, timeout }, { extract: { orders: { css: '#orders' } } }]
const list = [{ goto: '/in-place/orders' }, { extract: { items: { list: 'ul li' } } }]
const lines = [
  { goto: '/in-place/orders' },
  { click: { text: 'Lines' }, name: 'go on' },
  { fill: { label: 'Line', value: 'x' }, timeout },
  { extract: { lines: { css: '#lines' } } }
]
const patient = lines.map(({ timeout: _, ...step }) => step)
const receipt = [{ goto: '/in-place/receipt' }, { extract: { receipt: { css: '#receipt' } } }]

describe('a session that ended in place', () => {
  test.each(['text', 'form', 'frame', 'status 500'] as const)(
    'is noticed on the first page, also by steps that find nothing to fail at: %s',
    async as => {
      ending.as = as
      const bot = botWith(inPlace.target)
      await bot.run(orders)
      bot.expire()
      expect(await bot.run(list)).toEqual({ items: ['one', 'two'] })
      expect(bot.logins()).toBe(2)
    }
  )

  test.each(['text', 'status 401'] as const)('is noticed when a step fails: %s', async as => {
    ending.as = as
    const bot = botWith(inPlace.target)
    expect(await bot.run(lines, { endsAt: 'go on' })).toEqual({ lines: '3 lines' })
    expect(bot.logins()).toBe(2)
  })

  test.each(['text', 'form'] as const)('is noticed where the manifest does not say what a page shows: %s', async as => {
    ending.as = as
    const bot = botWith(bare)
    await bot.run(orders)
    bot.expire()
    expect(await bot.run(orders)).toEqual({ orders: '7 orders' })
    expect(bot.logins()).toBe(2)
  })

  test('is noticed by signedOff at once, beside a step that would wait for long', async () => {
    const bot = botWith({ ...bare, signedOff, timeout: '10m' })
    // The page asks by itself, and says so; its next visit has what the step waits for.
    const steps = [{ goto: '/in-place/watching' }, { waitFor: { text: 'Here it is' }, name: 'wait' }]
    expect(await bot.run(steps, { endsAt: 'wait' })).toEqual({})
    expect(bot.logins()).toBe(2)
    expect(await bot.run(patient, { endsAt: 'go on' })).toEqual({ lines: '3 lines' })
    bot.expire()
    expect(await bot.run(list)).toEqual({ items: ['one', 'two'] })
    expect(bot.logins()).toBe(4)
  })

  test('is noticed on the last page, where nothing failed', async () => {
    const bot = botWith(inPlace.target)
    const steps = [{ goto: '/in-place/orders' }, { click: { text: 'Lines' }, name: 'go on' }, { extract: { items: { list: 'ul li' } } }]
    expect(await bot.run(steps, { endsAt: 'go on' })).toEqual({ items: ['a', 'b', 'c'] })
    expect(bot.logins()).toBe(2)
  })

  const single = [{ goto: '/in-place/single' }, { click: { text: 'Load' }, name: 'load' }, { waitFor: { text: 'loaded' } }]
  const read = [...single, { extract: { items: { list: '#list li' } } }]

  test.each<[string, JsonObject]>([
    ['signedOff is shown', { ...bare, signedOff }],
    ['ready is gone', inPlace.target]
  ])('is noticed on a single page that says so in place, with no new document and no failure: %s', async (_, target) => {
    const bot = botWith(target)
    expect(await bot.run(read, { endsAt: 'load' })).toEqual({ items: ['one', 'two'] })
    expect(bot.logins()).toBe(2)
  })

  test('is noticed there before the effect, which is there once', async () => {
    const bot = botWith({ ...bare, signedOff })
    const steps = [
      ...single,
      { click: { text: 'Pay' }, commit: { request: 'POST /in-place/paid' } },
      { extract: { paid: { css: '#paid' } } }
    ]
    const call = bot.callFor(steps, { endsAt: 'load', action: { effect: 'write' } })
    expect(await adapter.run(call)).toEqual({ paid: 'Paid' })
    expect([bot.logins(), call.seen.commits]).toEqual([2, 1])
  })

  describe('on a screen of a session', () => {
    const on = (call: Call, id: string, use: ScreenUse) => Object.create(call, { screen: { value: { id, use } } }) as Call
    const action = { screen: 'continue' }

    test.each<[string, ScreenUse, boolean]>([
      ['one that is pinned anew', 'pinned', true],
      ['one that goes on and takes nothing from the page before', 'continue', true],
      ['the last one', 'finish', false]
    ])('is noticed, and a new login made once: %s', async (id, use, stays) => {
      const bot = botWith(inPlace.target)
      await adapter.run(on(bot.callFor(orders), id, 'pinned'))
      bot.expire()
      expect(await adapter.run(on(bot.callFor(list, { action: { screen: use } }), id, use))).toEqual({ items: ['one', 'two'] })
      expect(bot.logins()).toBe(2)
      if (stays) expect(await adapter.run(on(bot.callFor(list, { action }), id, 'continue'))).toEqual({ items: ['one', 'two'] })
      expect(bot.logins()).toBe(2)
      await adapter.closeScreen?.(id)
    })

    test('what goes on with the page that is lost is not done on another one', async () => {
      const bot = botWith({ ...inPlace.target, signedOff })
      await adapter.run(on(bot.callFor(single.slice(0, 1)), 'lost', 'pinned'))
      bot.expire()
      const goesOn = bot.callFor([...single.slice(1), { extract: { items: { list: '#list li' } } }], { action })
      expect(await failureOf(adapter.run(on(goesOn, 'lost', 'continue')))).toMatchObject({ code: 'screen_gone' })
      expect(bot.logins()).toBe(1)
    })
  })

  test('is noticed by a probe, which would find nothing otherwise', async () => {
    const bot = botWith(inPlace.target)
    const probe = { steps: list, found: '{{ $count(items) > 0 }}' }
    await bot.run(orders)
    bot.expire()
    expect(await adapter.probe?.(bot.callFor(orders, { action: { probe }, isProbe: true }))).toMatchObject({ found: true })
    expect(bot.logins()).toBe(2)
  })

  test('is opened again by one of several runs, for all of them', async () => {
    const bot = botWith(inPlace.target)
    const four = () => Promise.all([1, 2, 3, 4].map(() => bot.run(orders, { concurrency: 4 })))
    await four()
    bot.expire()
    expect(await four()).toEqual(Array(4).fill({ orders: '7 orders' }))
    expect(bot.logins()).toBe(2)
  })
})

describe('a new login is made once', () => {
  test('and where it did not help, the step says what failed, and the next run does without', async () => {
    const bot = botWith(inPlace.target)
    const steps = lines.map(step => ('fill' in step ? { ...step, timeout: '500ms' } : step))
    const failure = await failureOf(bot.run(steps, { endsAt: 'go on', times: 2 }))
    expect(failure).toMatchObject({
      code: 'target_failed',
      targetDown: false,
      message: expect.stringContaining('step "fill label "Line""')
    })
    expect(failure.targetSaid).toContain('Session expired!')
    expect(bot.logins()).toBe(2)
    expect(await bot.run(orders)).toEqual({ orders: '7 orders' })
    expect(bot.logins()).toBe(3)
  })

  test('by signedOff too, and the error says what was seen', async () => {
    const bot = botWith({ ...bare, signedOff })
    const failure = await failureOf(bot.run(patient, { endsAt: 'go on', times: 2 }))
    expect(failure.message).toContain(
      'the target has ended the session (text ["Session expired","Please sign on again"] is shown), also after a new login'
    )
    expect(bot.logins()).toBe(2)
  })

  test('a step that fails again on a page without ready asks for no other one within a minute', async () => {
    const bot = botWith(inPlace.target)
    const broken = [{ goto: '/in-place/receipt' }, { click: { text: 'There is none' }, timeout: '200ms' }]
    const { steps } = bot.callFor(broken)
    const run = () => failureOf(adapter.run(Object.create(bot.callFor(broken), { steps: { value: steps } })))
    for (const failure of [await run(), await run(), await run()]) expect(failure.message).toContain('There is none')
    expect(bot.logins()).toBe(2)
  })

  test('not for pages that never show ready: the page after the login tells', async () => {
    const bot = botWith({ ...inPlace.target, ready: { text: 'Home' } })
    for (let run = 0; run < 3; run++) {
      expect(await bot.run(receipt)).toEqual({ receipt: 'Receipt 5' })
      expect(await bot.run(orders)).toEqual({ orders: '7 orders' })
    }
    expect(bot.logins()).toBe(1)
    bot.expire()
    expect(await bot.run(list)).toEqual({ items: ['one', 'two'] })
    expect(bot.logins()).toBe(2)
  })
})

describe('the commit point', () => {
  const pay = [
    { goto: '/in-place/pay', name: 'open' },
    { fill: { label: 'Amount', value: '5' } },
    { click: { role: 'button', name: 'Pay' }, name: 'pay', commit: true },
    { extract: { paid: { css: '#paid' } }, timeout }
  ]
  const write = { effect: 'write' }
  const posts = () => pages.requests.filter(request => request === 'POST /in-place/paid').length

  test('a session that ended before it: the steps begin anew, and the effect is there once', async () => {
    const bot = botWith(inPlace.target)
    await bot.run(orders)
    const before = posts()
    const call = bot.callFor(pay, { action: write, endsAt: 'open' })
    expect(await adapter.run(call)).toEqual({ paid: 'Paid' })
    expect([call.seen.commits, posts() - before, bot.logins()]).toEqual([1, 1, 2])
  })

  test.each([
    ['ready', inPlace.target],
    ['signedOff', { ...bare, signedOff }],
    ['nothing', bare]
  ])('a session that ended at it is not looked after, by %s: nothing begins anew', async (_by, target) => {
    const bot = botWith(target)
    const before = posts()
    const call = bot.callFor(pay, { action: write, endsAt: 'pay' })
    await failureOf(adapter.run(call))
    expect([call.seen.commits, posts() - before, bot.logins()]).toEqual([1, 1, 1])
  })

  test('what a page that was given up asks for never leaves, and nothing begins anew where it has asked already', async () => {
    const bot = botWith({ ...bare, signedOff: { text: 'Late' }, timeout: '5s' })
    const before = posts()
    // While commit() is asked, the page says that the session is over.
    const late = [
      { goto: '/in-place/late' },
      { click: { role: 'button', name: 'Pay' }, commit: true },
      { waitFor: { text: 'never' }, timeout: '1s' }
    ]
    const call = bot.callFor(late, { action: write })
    await failureOf(adapter.run(call))
    expect([call.seen.commits, posts() - before, bot.logins()]).toEqual([1, 1, 1])
  })
})
