import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { createRedactor } from '../../src/governance/redact.ts'
import type { Call, JsonObject } from '../../src/index.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
const name = 'Ada Lovelace'
let site: Site

beforeAll(async () => {
  site = await startSite({
    '/page': `<script>document.title = 'ADA LOVELACE'</script><h1>Customer ada&shy; LOVELACE</h1><p>${'A long text. '.repeat(21)}ADA LOVELACE`,
    '/restless': `<p id=p>${name}</p><script>setInterval(() => { p.style.marginLeft = Math.random() * 90 + 'px' }, 1)</script>`
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

async function run(steps: readonly JsonObject[], own: Partial<Call> = {}) {
  const parsed = parseAction(adapter, { steps }, { timeout: '20s' })
  const call = { ...callOf(parsed.steps, { url: site.url, sensitive: [name] }), redact: createRedactor([name]), ...own }
  const problem = await adapter.run(call).then(
    () => '',
    (error: Error & { targetSaid?: string }) => `${error.message} ${error.targetSaid ?? ''}`
  )
  return { problem, artifacts: call.seen.artifacts }
}
const missing = { click: { css: '#none' }, timeout: '300ms' }

test('a failed step tells of a page without a marked value in it, in any case, also where its text is cut', async () => {
  const { problem, artifacts } = await run([{ goto: '/page' }, missing])
  expect(problem).toContain('the page is "•••"')
  expect(problem).toContain('Customer •••')
  expect(problem).not.toMatch(/love|ada/i)
  expect([...artifacts.keys()]).toEqual(['failure.png'])
})

test('where nobody can be sure what is on a picture there is none, and the run says so', async () => {
  const failed = await run([{ goto: '/restless' }, missing])
  expect(failed.problem).toContain('no picture was kept')
  expect([...failed.artifacts.keys()]).toEqual([])
  const asked = await run([{ goto: '/restless' }, { screenshot: { as: 'page' } }])
  expect(asked.problem).toBe('')
  expect([...asked.artifacts.keys()]).toEqual(['page.txt'])
  expect(Buffer.from(asked.artifacts.get('page.txt') ?? []).toString()).toContain('no picture was kept')
})

test('an action with evidence: none keeps no picture, and can not ask for one', async () => {
  const { problem, artifacts } = await run([{ goto: '/page' }, missing], { evidence: 'none' })
  expect(problem).toContain('step "click css')
  expect(problem).not.toContain('picture')
  expect([...artifacts.keys()]).toEqual([])
  const { issues } = parseAction(adapter, { evidence: 'none', steps: [{ goto: '/' }, { screenshot: {} }] })
  expect(issues).toEqual([expect.stringContaining('evidence is none')])
})
