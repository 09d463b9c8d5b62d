/** What another attempt would meet again is not tried again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { isLasting } from '../../adapters/playwright/lasting-failure.ts'
import type { JsonObject } from '../../src/index.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site

beforeAll(async () => {
  site = await startSite({
    '/': `<label>Colour <select><option>Red<option>Green</select></label><button>Go</button><button>Go</button>
      <label>Agree <input type=checkbox></label><label>Sum <input type=number></label><h1>Title</h1>`
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

const run = async (step: JsonObject, timeout = '5s'): Promise<unknown> => {
  const { steps, issues } = parseAction(adapter, { steps: [{ goto: '/' }, step] }, { timeout })
  expect(issues).toEqual([])
  return adapter.run(callOf(steps, { url: site.url })).catch(error => error)
}

test.each<[string, JsonObject]>([
  ['a locator that fits two elements', { click: { role: 'button', name: 'Go' } }],
  ['an option that does not exist', { select: { label: 'Colour', value: 'Blue' } }],
  ['text into a checkbox', { fill: { label: 'Agree', value: 'yes' } }],
  ['text into a number', { fill: { label: 'Sum', value: 'twelve' } }],
  ['a heading that is filled', { fill: { css: 'h1', value: 'x' } }],
  ['a heading that is checked', { check: { css: 'h1' } }],
  ['a heading that is selected from', { select: { css: 'h1', value: 'x' } }],
  ['a key that does not exist', { press: { css: 'h1', key: 'Entr' } }]
])('%s fails at once for good', async (_, step) => {
  expect(await run(step)).toMatchObject({ code: 'target_failed', retryable: false })
})

test('an element that is not there yet is tried again', async () => {
  expect(await run({ click: { role: 'button', name: 'Stop' } }, '500ms')).toMatchObject({ code: 'target_failed', retryable: true })
})

test.each<[string, boolean]>([
  ['locator.click: Error: strict mode violation: getByRole resolved to 2 elements', true],
  ['locator.selectOption: Timeout 500ms exceeded.\nCall log:\n  - did not find some options', true],
  ['locator.click: Timeout 500ms exceeded.\nCall log:\n  - element is not visible', false],
  ['page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1', false]
])('%s: %s', (message, expected) => {
  expect(isLasting(new Error(message))).toBe(expected)
})
