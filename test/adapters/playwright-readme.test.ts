/** The adapter's README says what the adapter does: its tables hold every key, and its examples load. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { locatorShape, shape, step } from '../../adapters/playwright/shape.ts'
import { kindNames } from '../../adapters/playwright/steps/index.ts'
import { valueTypes } from '../../adapters/playwright/values.ts'
import { loadManifest } from '../../src/manifest/load.ts'

const readme = readFileSync(new URL('../../adapters/playwright/README.md', import.meta.url), 'utf8')
const adapter = createAdapter()
afterAll(() => adapter.close())

/** Cells of the rows between two marks. */
function table(mark: string): string[][] {
  const [, text = ''] = new RegExp(`<!-- ${mark} -->\n([\\s\\S]*?)<!-- /${mark} -->`).exec(readme) ?? []
  const rows = text.trim().split('\n').slice(2)
  return rows.map(row =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim())
  )
}
const bare = (cell = '') => cell.replace(/^`|`$/g, '')
const first = (mark: string) => table(mark).map(([cell]) => bare(cell))
const sorted = (names: Iterable<string>) => [...names].sort()

const inner = (type: unknown): unknown => (type instanceof z.ZodOptional ? inner(type.unwrap()) : type)
const keysOf = (type: unknown): string[] => {
  const plain = inner(type)
  return plain instanceof z.ZodObject ? Object.keys(plain.shape) : []
}
const locatorKeys = new Set(Object.keys(locatorShape.shape))
const own = (type: unknown) => keysOf(type).filter(key => !locatorKeys.has(key))

describe('every key is in a table, and every key in a table is one', () => {
  test('of the target, actions, probes and errors', () => {
    const target = Object.entries(shape.target.shape).flatMap(([key, type]) => [key, ...own(type).map(each => `${key}.${each}`)])
    // A locator is described once.
    const keys = target.filter(key => !/^(ready|signedOff)\./.test(key)).map(key => `target.${key}`)
    const probe = keysOf(shape.probe).map(key => `probe.${key}`)
    const error = keysOf(shape.error).map(key => `errors.<code>.${key}`)
    expect(sorted(first('keys'))).toEqual(sorted([...keys, ...keysOf(shape.action), ...probe, ...error]))
  })

  test('kinds of steps', () => expect(sorted(first('steps'))).toEqual(sorted(kindNames)))

  test.each(table('steps'))('the own keys of %s', (kind, _, keys = '') => {
    const named = keys.split(';').flatMap(part => /`(\w+)`/.exec(part)?.[1] ?? [])
    expect(sorted(named)).toEqual(sorted(own(step.shape[bare(kind) as keyof typeof step.shape])))
  })

  test('what every step may have', () => {
    const kinds: readonly string[] = kindNames
    expect(sorted(first('step-keys'))).toEqual(sorted(Object.keys(step.shape).filter(key => !kinds.includes(key))))
  })

  test('locators', () => expect(sorted(first('locators'))).toEqual(sorted(locatorKeys)))

  test('types of values', () => expect(first('types')).toEqual([...valueTypes]))

  test('fields and columns', () => {
    const field = (inner(step.shape.extract) as z.ZodRecord).valueType as z.ZodObject
    const columns = (inner(field.shape.columns) as z.ZodRecord).valueType as z.ZodObject
    const fields = own(field)
    const ofColumns = keysOf(columns).filter(key => !fields.includes(key))
    expect(sorted(first('fields'))).toEqual(sorted([...fields, ...ofColumns.map(key => `columns.<name>.${key}`)]))
    const shared = keysOf(columns).filter(key => fields.includes(key))
    const row = table('fields').find(([key]) => key === '`columns`') ?? []
    for (const key of shared) expect(row.join()).toContain(`\`${key}\``)
  })

  test('the commit point', () => {
    const [, detailed] = (inner(step.shape.commit) as z.ZodUnion).options
    expect(sorted(first('commit'))).toEqual(sorted(keysOf(detailed)))
  })

  test.each([
    ['target.timeout', '10s'],
    ['target.locale', 'en'],
    ['target.pool.maxUses', '100'],
    ['target.pool.maxAge', '30m']
  ])('the default of %s', async (key, value) => {
    expect(table('keys').find(([cell]) => bare(cell) === key)?.[1]).toBe(`\`${value}\``)
    const { steps } = await loadSteps([{ goto: '/' }])
    const { pool, timeoutMs } = steps as { pool: { maxUses: number; maxAgeMs: number }; timeoutMs: number }
    expect({ timeoutMs, ...pool }).toMatchObject({ timeoutMs: 10_000, maxUses: 100, maxAgeMs: 1_800_000 })
  })
})

type Steps = readonly Readonly<Record<string, unknown>>[]
const load = (source: string) =>
  loadManifest(source, {
    file: 'adapters/playwright/README.md',
    adapters: { playwright: adapter },
    env: name => (name === 'BOT_CLAIMS_URL' ? 'http://127.0.0.1:9' : undefined),
    targetOrigins: ['http://127.0.0.1:9']
  })

/** Steps in the smallest manifest that can hold them, after the goto that comes before them. */
async function loadSteps(steps: Steps) {
  const write = steps.some(each => each.commit !== undefined)
  const action = {
    title: 'Do it',
    description: 'Does it.',
    effect: write ? 'write' : 'read',
    scopes: ['claims:do'],
    input: {
      type: 'object',
      required: ['amount', 'from', 'limit', 'lines', 'receipt'],
      additionalProperties: false,
      properties: { amount: {}, from: {}, limit: {}, lines: {}, receipt: {}, memo: {} }
    },
    output: { type: 'object' },
    ...(write && { probe: { steps: [{ goto: '/' }], found: '{{ true }}' } }),
    steps: [{ goto: '/' }, ...steps]
  }
  const target = { url: 'http://127.0.0.1:9' }
  const { bot, issues } = await load(
    stringify({ bot: 'claims', version: '1.0.0', title: 'Claims', adapter: 'playwright', target, actions: { do: action } })
  )
  return { issues, steps: bot?.actions[0]?.steps }
}

describe('every example loads', () => {
  const blocks = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  const fragments = blocks.filter(text => text.startsWith('steps:'))

  test('the manifest', async () => {
    expect(await load(blocks[0] ?? '')).toMatchObject({ issues: [], bot: { name: 'claims' } })
  })
  test('there is no other kind of block', () => expect(blocks).toHaveLength(fragments.length + 1))
  test.each(fragments)('the steps %#', async text => {
    expect((await loadSteps((parse(text) as { steps: Steps }).steps)).issues).toEqual([])
  })
  test.each(table('steps').map(row => [bare(row[0]), bare(row[3])]))('the step %s: %s', async (kind, text) => {
    const example = parse(text ?? '') as Record<string, unknown>
    expect(Object.keys(example)).toEqual([kind])
    expect((await loadSteps([example])).issues).toEqual([])
  })
  test.each(table('locators').map(row => [bare(row[0]), bare(row[2])]))('the locator %s: %s', async (key = '', text = '') => {
    const example = parse(text) as Record<string, unknown>
    expect(Object.keys(example)).toContain(key)
    expect((await loadSteps([{ click: example }])).issues).toEqual([])
  })
})
