/** Manifests and inputs that were written to take long. */
import { describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { boundedCheck, longestText } from '../../src/core/bounded.ts'
import { compileSchema } from '../../src/core/schema.ts'
import type { Json, JsonSchema } from '../../src/index.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { good, load } from './manifests.ts'

const withResult = (result: string) => good.replace('{ confirmation: "{{ run.reference }}" }', () => result)
const messages = async (result: string) => (await load(withResult(result), 'echo')).issues.map(({ message }) => message)

describe('expressions', () => {
  test('390 KB of braces are one mistake', async () => {
    expect(await messages(`"${'{'.repeat(390_000)}"`)).toEqual([expect.stringContaining('an expression begins with {{')])
  })

  test.each([
    ['brackets without an end', '('.repeat(10_000), 'call stack|longer than|is not a JSONata'],
    ['a long literal', `'${'x'.repeat(200_000)}'`, 'more than 16384 characters'],
    ['look-ahead', '$contains(input.reference, /(?=a)/)', 'not RE2.*without look-around and back-references'],
    ['a back-reference', '$contains(input.reference, /(a)\\\\1/)', 'not RE2.*without look-around'],
    ['a back-reference by name', '$contains(input.reference, /(?<x>a)\\\\k<x>/)', 'not RE2.*without look-around']
  ])('%s', async (_, source, says) => {
    expect((await messages(`"{{ ${source} }}"`)).join()).toMatch(new RegExp(says))
  })

  test('a mistake is told at its place, whichever adapter reads it', async () => {
    const adapter = createAdapter()
    const source = `bot: portal
version: 1.0.0
title: Portal
adapter: playwright
target: { url: 'http://127.0.0.1:9' }
actions:
  look:
    title: Look
    description: Looks.
    effect: read
    scopes: [portal:read]
    input: { type: object, additionalProperties: false }
    output: { type: object }
    steps:
      - goto: /x/{{ input. }}
      - click: { text: '{{ ( }}' }
`
    const { issues } = await loadManifest(source, {
      file: 'bot.yaml',
      adapters: { playwright: adapter },
      env: () => undefined,
      trusted: true
    })
    await adapter.close()
    expect(issues.map(({ line, pointer }) => `${line} ${pointer}`)).toEqual([
      '15 /actions/look/steps/0/goto',
      '16 /actions/look/steps/1/click/text'
    ])
    expect(issues.every(({ message }) => message.includes('is not a JSONata expression'))).toBe(true)
  })

  test('others get their turn while 4,000 expressions are read', async () => {
    let turns = 0
    let going = true
    const turn = () => {
      turns += 1
      if (going) setImmediate(turn)
    }
    turn()
    const members = Array.from({ length: 4_000 }, (_, index) => `      m${index}: "{{ $uppercase(input.reference) & '${index}' }}"`)
    const { bot, issues } = await load(withResult(`\n${members.join('\n')}`), 'echo')
    going = false
    expect(issues).toEqual([])
    expect(bot).toBeDefined()
    // At least once for each fifty that are read together, and around each action.
    expect(turns).toBeGreaterThan(80)
  })
})

describe('texts that no schema bounds', () => {
  const text = 'x'.repeat(longestText + 1)
  const object = (properties: JsonSchema, more: JsonSchema = {}): JsonSchema => ({ type: 'object', properties, ...more })
  const rows: readonly (readonly [string, JsonSchema, Json, string | undefined])[] = [
    ['a text', object({ a: { type: 'string' } }), { a: text }, '/a'],
    ['as long as may be', object({ a: { type: 'string' } }), { a: text.slice(1) }, undefined],
    ['a member that the schema does not name', object({}), { 'b/c': { d: [text] } }, '/b~1c/d/0'],
    ['in a list', object({ a: { type: 'array', items: { type: 'string' } } }), { a: ['x', text] }, '/a/1'],
    ['by reference', object({ a: { $ref: '#/$defs/t' } }, { $defs: { t: { type: 'string' } } }), { a: text }, '/a'],
    ['its own maxLength', object({ a: { type: 'string', maxLength: 70_000 } }), { a: text }, undefined],
    [
      'its own maxLength by reference',
      object({ a: { $ref: '#/$defs/t' } }, { $defs: { t: { maxLength: 70_000 } } }),
      { a: text },
      undefined
    ],
    ['a file', object({ a: { type: 'string', contentEncoding: 'base64' } }), { a: text }, undefined],
    ['a pattern alone', object({ a: { type: 'string', pattern: '^x*$' } }), { a: text }, '/a'],
    ['one of two forms', object({ a: { anyOf: [{ type: 'integer' }, { type: 'string' }] } }), { a: text }, '/a']
  ]
  test.each(rows)('%s', (_, schema, value, pointer) => {
    const errors = boundedCheck(schema, compileSchema(schema))(value)
    expect(errors.map(error => error.pointer)).toEqual(pointer === undefined ? [] : [pointer])
    if (pointer !== undefined) expect(errors[0]?.message).toContain('its schema sets no maxLength')
  })

  test('the input of an action has the bound, its output has not', async () => {
    const { bot } = await load(good.replace(', pattern: "^[a-z ]*$"', ''), 'echo')
    const [say] = bot?.actions ?? []
    expect(say?.checkInput({ text })).toEqual([{ pointer: '/text', message: expect.stringContaining('has more than 65536 characters') }])
    expect(say?.checkOutput({ text })).toEqual([])
  })

  test.each(['uri', 'email', 'url', 'hostname', 'date-time', 'uri-template', 'json-pointer', 'duration', 'iri'])(
    'a long text is no %s, and nobody looks at it for long',
    format => {
      const known = ['iri'].includes(format) ? 'uri-reference' : format
      const check = compileSchema({ type: 'string', format: known })
      for (const piece of ['a', ':', '@', 'http://a:', '{', '/', '.', '%41']) expect(check(piece.repeat(200_000))).toHaveLength(1)
    }
  )
})

describe('items that must differ', () => {
  const check = compileSchema({ type: 'array', uniqueItems: true })
  test.each<[string, Json[], number]>([
    [
      'objects, whatever the order of their members',
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 }
      ],
      1
    ],
    ['objects that differ', [{ a: 1 }, { a: 2 }, { a: '1' }], 0],
    ['numbers and texts', [1, '1', true, 'true', null, 'null'], 0],
    ['two of the same text', ['a', 'b', 'a'], 1]
  ])('%s', (_, items, errors) => expect(check(items)).toHaveLength(errors))

  test('each is looked at once', () => {
    // Each compared with each, 100,000 take hours.
    expect(check(Array.from({ length: 100_000 }, (_, index) => ({ index, same: 'x' })))).toEqual([])
  })
})
