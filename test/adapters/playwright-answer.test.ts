/** What the committing request is answered with counts, also when a script asks and no page comes: a refusal is no success. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { callOf, type Output, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
let answered = 0
const page = (path: string) =>
  `<button onclick="fetch('${path}',{method:'POST'}).then(a=>setTimeout(()=>{out.textContent=a.ok?'Paid':'Refused'},500))">Go</button><p id=out></p>`

beforeAll(async () => {
  site = await startSite({
    '/good': page('/paid'),
    '/bad': page('/refused'),
    '/gone': page('/cut'),
    '/beacon': `<button onclick="navigator.sendBeacon('/paid','x')">Go</button>`,
    '/paid': (_, response) => void sleep(700).then(() => response.writeHead(201).end(() => answered++)),
    '/refused': (_, response) => void response.writeHead(422).end(),
    '/cut': request => void request.socket.destroy()
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

async function go(path: string, commit: JsonObject, more: JsonObject = {}) {
  answered = 0
  const steps = [{ goto: path }, { click: { role: 'button', name: 'Go' }, commit }]
  const parsed = parseAction(adapter, { effect: 'irreversible', steps, ...more }, { timeout: '10s' })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: site.url })
  const outcome = await adapter.run(call).then(
    output => output as Output,
    error => error as Error
  )
  return { outcome, call }
}

describe.each(['connection', 'browser'])('via: %s', via => {
  test('a run has its answer before it ends', async () => {
    const { outcome } = await go('/good', { via })
    expect([outcome, answered]).toEqual([{}, 1])
  })

  test('a refusal: the outcome is unknown', async () => {
    const { outcome, call } = await go('/bad', { via })
    expect(outcome).toMatchObject({
      code: 'target_failed',
      effect: 'unknown',
      message: expect.stringContaining('answered with status 422')
    })
    expect(call.committed).toBe(true)
  })

  test('a refusal that the page shows as a declared error: that error', async () => {
    const errors = { refused: { status: 422, title: 'Refused', when: { text: 'Refused' }, notApplied: true } }
    const { outcome } = await go('/bad', { via }, { errors })
    expect(outcome).toMatchObject({ name: 'BusinessError', code: 'refused' })
  })

  test('no answer: the outcome is unknown', async () => {
    const { outcome, call } = await go('/gone', { via })
    expect([(outcome as { code?: string }).code, call.committed]).toEqual(['target_failed', true])
  })
})

describe('the target has answered, and no output can be made of it', () => {
  const text = { text: { css: '#out', pattern: 'Paid' } }
  const paid = [{ goto: '/good' }, { click: { role: 'button', name: 'Go' }, commit: { via: 'connection' } }]
  const shown = [...paid, { waitFor: { text: 'Paid' } }]

  test('a value that is there and none of its type: the effect is known', async () => {
    const { outcome, call } = await go(
      '/good',
      {},
      { steps: [...shown, { extract: text }, { extract: { sum: { css: '#out', as: 'money' } } }] }
    )
    expect(outcome).toMatchObject({ code: 'target_failed', message: expect.stringContaining('what stands there is not an amount') })
    expect(call.seen.answer).toEqual({ value: { text: 'Paid' } })
  })

  test('a result that fails: the effect is known, and there is a picture', async () => {
    const { outcome, call } = await go('/good', {}, { steps: [...shown, { extract: text }], result: { sum: '{{ $number(text) }}' } })
    expect(outcome).toMatchObject({ name: 'Error' })
    expect(call.seen.answer).toEqual({ value: { text: 'Paid' } })
    expect([...call.seen.artifacts.keys()]).toEqual(['answer.png'])
  })

  test.each([
    ['a value that is not there', { none: { css: '#none' } }],
    ['a page that says something else', { out: { css: '#out', pattern: 'Booked' } }]
  ])('%s: nobody can tell', async (_, extract) => {
    const { outcome, call } = await go('/good', {}, { steps: [...shown, { extract, timeout: '1s' }] })
    expect(outcome).toMatchObject({ code: 'target_failed' })
    expect(call.seen.answer).toBeUndefined()
  })

  test('what a probe reads is no answer before it has found something', async () => {
    const probe = { steps: [{ goto: '/good' }, { extract: { sum: { css: 'button', as: 'money' } } }], found: '{{ sum > 0 }}' }
    const parsed = parseAction(adapter, { effect: 'irreversible', steps: paid, probe }, { timeout: '20s' })
    expect(parsed.issues).toEqual([])
    const call = callOf(parsed.steps, { url: site.url })
    await call.commit()
    await expect((async () => adapter.probe?.(call))()).rejects.toThrow('not an amount')
    expect(call.seen.answer).toBeUndefined()
  })
})

test('nobody waits for the answer to a beacon that the browser sends', async () => {
  const { outcome, call } = await go('/beacon', { via: 'browser', request: 'POST /paid' })
  expect([outcome, call.committed]).toEqual([{}, true])
})
