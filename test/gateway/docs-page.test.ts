/** The page at /docs in a real browser: nobody who looks at it, or at what it shows, gets the key. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
import { usualBrowser } from '../../adapters/playwright/browser.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
let browser: Browser
let page: Page
beforeAll(async () => {
  gateway = await openGateway()
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? usualBrowser() ?? chromium.executablePath(),
    args: ['--no-sandbox']
  })
  page = await browser.newPage()
})
afterAll(async () => {
  await browser?.close()
  await gateway.close()
})

test('a call from the page is made with the key, which is not to be seen in it, also not in the curl box', async () => {
  await page.goto(`${gateway.url}/`)
  expect(page.url()).toBe(`${gateway.url}/docs`)
  await page.fill('#key', gateway.adminKey)
  await page.click('text=Use key')
  const operation = page.locator('.opblock', { hasText: '/v1/actions/demo_echo' })
  await operation.locator('.opblock-summary-control').click()
  const sent = page.waitForRequest(request => request.method() === 'POST')
  await operation.locator('button.execute').click()
  expect((await sent).headers()).toMatchObject({
    authorization: `Bearer ${gateway.adminKey}`,
    'idempotency-key': expect.stringMatching(/^\w{32}$/)
  })
  await operation.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
  const shown = (await operation.textContent()) ?? ''
  expect(shown).toContain('-H "Authorization: Bearer $RETROFIT_KEY"')
  expect(shown).toContain("'Idempotency-Key: ")
  expect(await page.content()).not.toContain(gateway.adminKey)
})

describe('the root', () => {
  const ask = (accept: string) => fetch(`${gateway.url}/`, { redirect: 'manual', headers: { accept } })

  test.each([
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 302],
    ['text/html', 302],
    ['*/*', 404],
    ['application/json', 404],
    ['application/json, text/html;q=0.5', 404]
  ])('leads a browser to the page, and nobody else: %s', async (accept, status) => {
    const answer = await ask(accept)
    expect([answer.status, answer.headers.get('location')]).toEqual([status, status === 302 ? '/docs' : null])
    if (status === 404) expect(await answer.json()).toMatchObject({ code: 'not_found' })
  })
})

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'package.json'])('/docs/%s is 404', async name => {
  const answer = await gateway.call(`/docs/${name}`, { authorization: null })
  expect([answer.status, answer.json?.code]).toEqual([404, 'not_found'])
})
