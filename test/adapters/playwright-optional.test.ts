/** Values that are missing: a step is left out where the manifest says optional, and fails before the commit point where it does not. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { callOf, type Output, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let site: Site
beforeAll(async () => {
  site = await startSite({
    '/form': `<form action=/done method=post><label>Memo <input name=memo value=before></label><label>Colour <select name=c><option>Red<option>Green</select></label>
      <label><input type=checkbox name=k checked>Agree</label><button>Send</button></form>`,
    '/done': '<p>done</p>'
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

const open = { goto: '/form' }
const send = { click: { role: 'button', name: 'Send' }, commit: { request: 'POST /done' } }
const fields = { extract: { memo: { label: 'Memo' }, colour: { label: 'Colour' }, agree: { label: 'Agree', as: 'boolean' } } }

async function run(steps: readonly JsonObject[], more: JsonObject = {}, input: JsonObject = {}) {
  const parsed = parseAction(adapter, { steps, ...more }, { timeout: '20s' })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: site.url, input })
  return { call, output: adapter.run(call) as Promise<Output> }
}

const writing = (word: string) => [
  { fill: { label: 'Memo', value: `{{ ${word}input.memo }}` } },
  { select: { label: 'Colour', value: `{{ ${word}input.colour }}` } },
  { check: { label: 'Agree', value: `{{ ${word}input.agree }}` } }
]

test('a step whose optional value is missing leaves its field as it is', async () => {
  const { output } = await run([open, ...writing('optional '), fields])
  expect(await output).toEqual({ memo: 'before', colour: 'Red', agree: true })
  const given = await run([open, ...writing('optional '), fields], {}, { memo: '', colour: 'Green', agree: false })
  expect(await given.output).toEqual({ memo: '', colour: 'Green', agree: false })
})

test.each(writing('').map(step => [Object.keys(step)[0] as string, step] as const))(
  '%s without its value fails, and nothing is sent',
  async (kind, step) => {
    const { output, call } = await run([open, step, send], { effect: 'write' })
    await expect(output).rejects.toMatchObject({
      code: 'invalid_input',
      effect: 'none',
      message: expect.stringMatching(
        new RegExp(`steps\\[1\\]\\.${kind}\\.value: \\{\\{ input\\.\\w+ \\}\\} gives nothing: input\\.\\w+ is not there`)
      )
    })
    expect(call.seen.commits).toBe(0)
  }
)

test('a condition, a loop and an address without a value fail too', async () => {
  for (const step of [
    { if: { that: '{{ input.memo }}', steps: [fields] } },
    { forEach: { in: '{{ input.list }}', steps: [fields] } },
    { goto: '/form?q={{ input.q }}' }
  ]) {
    const { output } = await run([open, step])
    await expect(output).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining('is not there') })
  }
  const { output } = await run([
    open,
    { if: { that: '{{ optional input.memo }}', steps: [fields] } },
    { goto: '/form?q={{ optional input.q }}' }
  ])
  expect(await output).toEqual({})
})

test('the step with the commit point can not be left out', () => {
  const step = { select: { label: 'Colour', value: '{{ optional input.colour }}' }, commit: true }
  expect(parseAction(adapter, { steps: [open, step], effect: 'write' }).issues).toEqual([
    'steps.1.select.value: is optional, and this step has the effect: without a value nothing would be sent; give it one'
  ])
})

test('what is extracted nowhere can not be required of the output', () => {
  const issues: string[] = []
  adapter.parse({
    bot: 'b',
    name: 'a',
    effect: 'read',
    target: {},
    action: { steps: [open, fields] },
    input: {},
    output: { required: ['memo', 'total'] },
    env: [],
    issue: (path, message) => issues.push(`${path.join('.')}: ${message}`)
  })
  expect(issues).toEqual(['output.required.1: no step extracts total, and there is no result: extract it, or write result'])
})
