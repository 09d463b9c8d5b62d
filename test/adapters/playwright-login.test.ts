/** Logins on pages that are hard to tell apart, and what is said of one that leads nowhere. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { ajaxLogin } from '../sandbox/hard-pages/ajax-login.ts'
import { botOf, failureOf } from '../sandbox/hard-pages/bot.ts'
import { frameset } from '../sandbox/hard-pages/frameset.ts'
import { inPlace } from '../sandbox/hard-pages/in-place.ts'
import { onePath, scripted } from '../sandbox/hard-pages/one-path.ts'
import { type HardPages, startHardPages } from '../sandbox/hard-pages/server.ts'

const adapter = createAdapter()
const kinds = { 'one-path': onePath, scripted, frameset, 'ajax-login': ajaxLogin, 'in-place': inPlace }
type Name = keyof typeof kinds
let pages: HardPages
beforeAll(async () => {
  pages = await startHardPages(kinds)
})
afterAll(async () => {
  await adapter.close()
  await pages.close()
})

const read = { extract: { orders: { css: '#orders' } }, timeout: '3s' }
const filled = [{ waitFor: { text: '7 orders' } }, read]
const inMain = [{ frame: { name: 'main', steps: [{ fill: { label: 'Ref', value: 'x' } }, read] } }]
const ordersOf: Readonly<Record<Name, readonly JsonObject[]>> = {
  'one-path': [{ goto: '/one-path/index.php?route=orders' }, read],
  scripted: [{ goto: '/scripted/index.php?route=orders' }, read],
  frameset: [{ goto: '/frameset/?page=orders' }, ...inMain],
  'ajax-login': [{ goto: '/ajax-login/?page=orders' }, ...filled],
  'in-place': [{ goto: '/in-place/orders' }, read]
}
const names = Object.keys(kinds) as Name[]
const targetOf = ({ ready, ...rest }: JsonObject, isSaid: boolean): JsonObject => (isSaid ? { ...rest, ready } : rest) as JsonObject

describe('a login, and another one when it has ended', () => {
  const cases = names.flatMap(kind => [
    { kind, isSaid: true, by: 'ready' },
    { kind, isSaid: false, by: 'guessing' }
  ])
  test.each(cases)('$kind, by $by', async ({ kind, isSaid }) => {
    const target = { ...targetOf(kinds[kind].target, isSaid), timeout: '20s' }
    const bot = botOf({ adapter, pages, kind, target })
    const steps = ordersOf[kind]
    for (let run = 0; run < 2; run++) expect(await bot.run(steps)).toEqual({ orders: '7 orders' })
    expect(bot.logins()).toBe(1)
    bot.expire()
    expect(await bot.run(steps)).toEqual({ orders: '7 orders' })
    expect(bot.logins()).toBe(2)
  })
})

/** A short time for what is to fail, and enough for the steps before it. */
const unhurried = (target: Partial<JsonObject>): JsonObject =>
  ({ ...target, login: (target.login as JsonObject[]).map(step => ({ ...step, timeout: '30s' })) }) as JsonObject

describe('a login that leads nowhere', () => {
  const wrong = { credentials: { username: 'ada', password: 'wrong' } }
  const posts = (kind: Name) => pages.requests.filter(request => request.startsWith(`POST /${kind}/`)).length

  test('what the target says of it is told, where the manifest names it', async () => {
    const bot = botOf({ adapter, pages, kind: 'in-place', target: { ...inPlace.target, timeout: '10m' } })
    const before = posts('in-place')
    const failure = await failureOf(bot.run(ordersOf['in-place'], wrong))
    expect(failure).toMatchObject({ retryable: false, targetDown: false, targetSaid: expect.stringContaining('Wrong password') })
    expect(failure.message).toContain('the target did not accept the login: it shows text "Wrong password"')
    expect(await failureOf(bot.run(ordersOf['in-place'], wrong))).toMatchObject({
      retryable: false,
      message: expect.stringContaining('it said: the target did not accept')
    })
    expect(posts('in-place') - before).toBe(1)
  })

  test.each(names)('nobody is accused where it does not, and it is not asked again and again: %s', async kind => {
    const { refused: _, ...rest } = kinds[kind].target
    const bot = botOf({ adapter, pages, kind, target: { ...unhurried(rest), timeout: '1s' } })
    const before = posts(kind)
    const failures = [await failureOf(bot.run(ordersOf[kind], wrong)), await failureOf(bot.run(ordersOf[kind], wrong))]
    for (const { message, hint } of failures) {
      expect(message).toContain('the login did not reach target.ready')
      expect(`${message} ${hint}`).not.toMatch(/credential|password|accept/i)
    }
    expect(posts(kind) - before).toBe(1)
  })

  test('for a reason that nobody knows: it is tried once more, then not for a minute', async () => {
    const bot = botOf({
      adapter,
      pages,
      kind: 'in-place',
      target: { ...unhurried(inPlace.target), ready: { text: 'Not on any page' }, timeout: '300ms' }
    })
    const run = () => failureOf(bot.run(ordersOf['in-place']))
    expect(await run()).toMatchObject({
      retryable: true,
      message: expect.stringMatching(/^the login did not reach target.ready: text "Not on any page" did not appear within [\d.]+ s$/)
    })
    expect(await run()).toMatchObject({ retryable: true })
    expect(await run()).toMatchObject({ retryable: false, message: expect.stringContaining('no login was tried') })
    expect(bot.logins()).toBe(2)
  })
})
