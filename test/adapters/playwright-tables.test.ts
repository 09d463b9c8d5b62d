/** Nothing of a table or a list is silently empty, or silently not all of it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'
import { pagesOf, partialCases, pathOf, type TableCase, tableCases, wholeCases } from './playwright/tables.ts'

const adapter = createAdapter()
let site: Site

beforeAll(async () => {
  site = await startSite(pagesOf({ ...tableCases, ...partialCases, ...wholeCases }))
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

/** What is extracted, or why not; and what is not whole. */
async function read(name: string, { field, fails }: TableCase): Promise<object> {
  const timeout = fails === undefined ? '20s' : '3s'
  const { steps, issues } = parseAction(adapter, { steps: [{ goto: pathOf(name) }, { extract: { all: field }, timeout }] })
  expect(issues).toEqual([])
  const call = callOf(steps, { url: site.url })
  const output = await adapter.run(call).catch((error: Error) => ({ error: error.message }))
  return { ...(output as object), partial: call.seen.partial }
}

const wanted = ({ value, fails, partial }: TableCase): object => ({
  ...(fails === undefined ? { all: value } : { error: expect.stringContaining(fails) }),
  partial: partial === undefined ? {} : { all: partial }
})

describe.each([
  ['what stands there', tableCases],
  ['a list that goes on says so', partialCases],
  ['a list that is whole says nothing', wholeCases]
])('%s', (_, cases) => {
  test.each(Object.entries(cases))('%s', async (name, one) => {
    expect(await read(name, one)).toEqual(wanted(one))
  })
})

test('without a result only what the output declares goes out', async () => {
  site.pages['/declared'] = '<h1>One</h1><table id=t><tr><th>No<th>Note</tr><tr><td>1<td>inner</tr></table>'
  const columns = { no: { header: 'No' }, note: { header: 'Note' } }
  const output = { type: 'object', additionalProperties: false, properties: { rows: { items: { properties: { no: {} } } } } }
  const steps = [{ goto: '/declared' }, { extract: { title: { css: 'h1' }, rows: { table: '#t', columns } } }]
  const parsed = parseAction(adapter, { steps, output })
  expect(await adapter.run(callOf(parsed.steps, { url: site.url }))).toEqual({ rows: [{ no: '1' }] })
})
