/** What is published about manifests follows from the code. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { adapterKinds } from '../../adapters/index.ts'
import { generate, isStale } from '../../scripts/generate.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { adapters, good } from './manifests.ts'

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('openapi/bot.schema.json', () => {
  const schema = JSON.parse(text('openapi/bot.schema.json'))
  const valid = new Ajv2020({ strict: false }).compile(schema)

  test('accepts a good manifest', () => {
    valid(parse(good))
    expect(valid.errors).toBeNull()
  })

  const bent: readonly (readonly [string, string, string])[] = [
    ['an unknown key', 'title: Echo', 'titel: Echo'],
    ["another adapter's key", '    commit: true', '    steps: []'],
    ['an unknown adapter', 'adapter: echo', 'adapter: ecko'],
    ['a wrong value', 'effect: read', 'effect: reed'],
    ['a missing key', '    scopes: [echo:read]\n', ''],
    ['a duration without a unit', 'settle: 250ms', 'settle: 250'],
    ['a bad schema', 'output: { type: object }', 'output: { type: objekt }'],
    ['a bad schema inside a schema', 'output: { type: object }', 'output: { properties: { a: { items: { type: objekt } } } }'],
    ['a bad mark of ours', 'output: { type: object }', 'output: { properties: { a: { items: { x-untrusted: maybe } } } }'],
    ['a sensitivity that does not exist', 'output: { type: object }', 'output: { x-sensitive: very }']
  ]
  test.each(bent)('refuses %s', (_, from, to) => {
    expect(good).toContain(from)
    expect(valid(parse(good.replace(from, to)))).toBe(false)
  })

  test('knows every adapter, and describes every key', () => {
    expect(schema.properties.adapter.enum).toEqual(Object.keys(adapterKinds).sort())
    expect(undescribed(schema.$defs.echo, 'echo')).toEqual([])
  })
})

function undescribed(schema: { properties?: Record<string, unknown>; additionalProperties?: unknown }, path: string): readonly string[] {
  const own = Object.entries((schema.properties ?? {}) as Record<string, { description?: string; properties?: Record<string, unknown> }>)
  const missing = own.filter(([, member]) => member.description === undefined).map(([name]) => `${path}.${name}`)
  const inner = own.flatMap(([name, member]) => undescribed(member, `${path}.${name}`))
  const values = typeof schema.additionalProperties === 'object' ? undescribed(schema.additionalProperties as never, `${path}.*`) : []
  return [...missing, ...inner, ...values]
}

test('nothing that is generated is stale', async () => {
  expect((await generate()).filter(isStale).map(({ path }) => path)).toEqual([])
})

test.each(['bots/README.md', 'adapters/README.md'])('the manifest in %s is a good one', async path => {
  const source = /```yaml\n([\s\S]*?)```/.exec(text(path))?.[1] ?? ''
  const env = (name: string) => (name.endsWith('_URL') ? 'http://127.0.0.1:9' : undefined)
  expect((await loadManifest(source, { file: path, adapters, env, trusted: true })).issues).toEqual([])
})
