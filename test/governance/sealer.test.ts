import { expect, test } from '@jest/globals'
import type { JsonObject, JsonSchema } from '../../src/core/types.ts'
import { createSealer, mask } from '../../src/governance/sealer.ts'

const secret = 'a secret of at least thirty-two characters'
const pii = { type: 'string', 'x-sensitive': 'pii' }

const schema: JsonSchema = {
  $defs: { node: { type: 'object', properties: { secret: pii, child: { $ref: '#/$defs/node' } }, additionalProperties: { items: pii } } },
  type: 'object',
  properties: {
    tree: { $ref: '#/$defs/node' },
    open: { type: 'string' },
    pair: { prefixItems: [{ type: 'string' }, pii], items: { type: 'string' } },
    rest: { prefixItems: [{ type: 'string' }], items: pii }
  }
}

const value: JsonObject = {
  tree: { secret: 's1', other: ['o1'], child: { secret: 's2', toString: ['o2'], child: { child: { secret: 's3' } } } },
  open: 'plain',
  pair: ['p0', 'p1', 'p2', 'p3'],
  rest: ['r0', 'r1', 'r2']
}

const dots = '•••'
const shown = {
  tree: { secret: dots, other: [dots], child: { secret: dots, toString: [dots], child: { child: { secret: dots } } } },
  open: 'plain',
  pair: ['p0', dots, 'p2', 'p3'],
  rest: [dots, dots, dots]
}

test('marked parts are found at every depth of a schema that refers to itself, also the second time', () => {
  const deep = { tree: {} as JsonObject }
  for (let depth = 0; depth < 500; depth++) deep.tree = { child: deep.tree, secret: `deep ${depth}` }
  for (let time = 0; time < 2; time++) {
    expect(mask(schema, value)).toEqual(shown)
    expect(JSON.stringify(mask(schema, deep))).not.toContain('deep')
  }
})

test('a seal opens in the process that made it and in any other with the same secret, and nowhere else', () => {
  const here = createSealer(secret)
  const sealed = here.seal(schema, value)
  expect(JSON.stringify(sealed)).not.toMatch(/"(s1|s2|s3|o1|o2|p1|r1|r2)"/)
  expect(here.open(schema, sealed)).toEqual(value)
  expect(createSealer(secret).open(schema, sealed)).toEqual(value)
  expect(() => createSealer(`${secret}!`).open(schema, sealed)).toThrow()
})

test('what was opened once is no part of what is opened next', () => {
  const sealer = createSealer(secret)
  const whole = { type: 'object', 'x-sensitive': 'pii' }
  const sealed = sealer.seal(whole, { a: 1 })
  Object.assign(sealer.open(whole, sealed) as JsonObject, { a: 2 })
  expect(sealer.open(whole, sealed)).toEqual({ a: 1 })
})

test('no two seals start with the same bytes, and all open, however many there are', () => {
  const sealer = createSealer(secret)
  const seals = Array.from({ length: 3_000 }, (_, index) => sealer.seal(pii, index) as { readonly $sealed: string })
  expect(new Set(seals.map(({ $sealed }) => $sealed.slice(0, 16))).size).toBe(seals.length)
  expect(seals.every((seal, index) => sealer.open(pii, seal) === index)).toBe(true)
})

test('a seal that was changed does not open', () => {
  const sealer = createSealer(secret)
  const { $sealed } = sealer.seal(pii, 'text') as { readonly $sealed: string }
  const changed = `${$sealed.slice(0, -2)}${$sealed.endsWith('AA') ? 'BB' : 'AA'}`
  expect(() => sealer.open(pii, { $sealed: changed })).toThrow()
})

const parts = { type: 'array', items: pii } as const

test('of several marked parts the first holds all, so that a row costs one cipher', () => {
  const sealed = createSealer(secret).seal(parts, ['one', 'two', 'three']) as JsonObject[]
  expect(sealed).toEqual([{ $sealed: expect.any(String), of: 3 }, { $sealed: 1 }, { $sealed: 2 }])
})

test('rows whose parts are sealed one by one still open', () => {
  const sealer = createSealer(secret)
  const one = (text: string) => sealer.seal(pii, text) as JsonObject
  expect(createSealer(secret).open(parts, [one('one'), one('two')])).toEqual(['one', 'two'])
})

test('what a caller sends in the form of a seal is sealed and opened as any value', () => {
  const sealer = createSealer(secret)
  const forged = [{ $sealed: 1 }, { $sealed: 'AAAA', of: 2 }, { $sealed: 7 }]
  expect(sealer.open(parts, sealer.seal(parts, forged))).toEqual(forged)
})

test('a part whose row has lost its seal is an error, not a value', () => {
  const [, second] = createSealer(secret).seal(parts, ['one', 'two']) as JsonObject[]
  expect(() => createSealer(secret).open(parts, [second as JsonObject])).toThrow('lost its part 1')
})

test('what no mark is below stays the very same; a member called __proto__ is one like others', () => {
  const unmarked = { list: [{ a: 1 }], tree: { b: { c: 2 } } }
  const of: JsonSchema = {
    properties: {
      ...(schema.properties as JsonObject),
      list: { items: { properties: { a: { type: 'integer' } } } },
      other: { $ref: '#/$defs/plain' }
    },
    $defs: { ...(schema.$defs as JsonObject), plain: { properties: { next: { $ref: '#/$defs/plain' } }, additionalProperties: false } }
  }
  const seen = mask(of, { list: unmarked.list, other: { next: { next: {} } }, open: 'o' }) as JsonObject
  expect(seen.list).toBe(unmarked.list)
  const named = JSON.parse('{"tree":{"__proto__":["p"],"secret":"s","child":{"__proto__":["q"]}}}')
  expect(JSON.stringify(mask(of, named))).toBe(`{"tree":{"__proto__":["${dots}"],"secret":"${dots}","child":{"__proto__":["${dots}"]}}}`)
})
