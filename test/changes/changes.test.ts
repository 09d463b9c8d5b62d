import { describe, expect, test } from '@jest/globals'
import { compareContracts } from '../../src/core/contract/compare-contracts.ts'
import type { ContractChange } from '../../src/core/contract/contract.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { action, contract, object } from './contracts.ts'

const changed = (before: JsonObject | undefined, after: JsonObject | undefined) => compareContracts(contract(before), contract(after))
const marked = ({ breaking, certain, pointer }: ContractChange): string => `${breaking ? (certain ? '!' : '?') : '-'} ${pointer}`
const at = '/actions/pay'

describe('of an action', () => {
  test.each<readonly [string, JsonObject | undefined, JsonObject | undefined, readonly string[]]>([
    ['nothing', action(), action(), []],
    ['it is gone', action(), undefined, [`! ${at}`]],
    ['it is new', undefined, action(), [`- ${at}`]],
    ['it writes now', action({ effect: 'read' }), action(), [`! ${at}/effect`]],
    ['it only reads now', action(), action({ effect: 'read' }), [`! ${at}/effect`]],
    ['another scope', action(), action({ scopes: ['pay:all'] }), [`! ${at}/scopes`]],
    ['one more scope', action(), action({ scopes: ['pay:write', 'pay:all'] }), [`! ${at}/scopes`]],
    ['one scope less', action({ scopes: ['pay:write', 'pay:all'] }), action(), [`- ${at}/scopes`]],
    ['scopes in another order', action({ scopes: ['a:b', 'c:d'] }), action({ scopes: ['c:d', 'a:b'] }), []],
    ['another key', action(), action({ idempotency: { key: ['id'] } }), [`! ${at}/idempotency/key`]],
    ['no key any more', action(), action({ idempotency: {} }), [`! ${at}/idempotency/key`]],
    ['a key that was none', action({ idempotency: {} }), action(), [`! ${at}/idempotency/key`]],
    ['outcomes kept for less long', action(), action({ idempotency: { key: ['ref'], ttl: '1d' } }), [`! ${at}/idempotency/ttl`]],
    ['outcomes kept for longer', action(), action({ idempotency: { key: ['ref'], ttl: '30d' } }), [`- ${at}/idempotency/ttl`]],
    ['an error is gone', action(), action({ errors: {} }), [`! ${at}/errors/poor`]],
    ['an error is new', action({ errors: {} }), action(), [`- ${at}/errors/poor`]],
    [
      'an error with another status',
      action(),
      action({ errors: { poor: { status: 422, title: 'Not enough money' } } }),
      [`! ${at}/errors/poor/status`]
    ],
    ['an error in other words', action(), action({ errors: { poor: { status: 409, title: 'Poor' } } }), [`- ${at}/errors/poor/title`]],
    ['the session has to have a screen', action(), action({ screen: 'pinned' }), [`! ${at}/screen`]],
    ['other words', action(), action({ title: 'Pay now', description: 'Pays at once.' }), [`- ${at}/title`, `- ${at}/description`]],
    [
      'other steps, limits and retries',
      action({ steps: [1] }),
      action({ steps: [2], timeouts: { run: '1s' }, retry: { attempts: 1 }, settle: '1s' }),
      []
    ]
  ])('%s', async (_, before, after, expected) => {
    expect((await changed(before, after)).map(marked)).toEqual(expected)
  })

  test('what the target says with an error is an output', async () => {
    const error = (data: JsonObject) => action({ errors: { poor: { status: 409, title: 'Poor', data } } })
    const said = await changed(error(object({ left: { type: 'integer' } })), error(object({ left: { type: ['integer', 'null'] } })))
    expect(said.map(marked)).toEqual([`! ${at}/errors/poor/data/properties/left/type`])
  })
})

const text = { type: 'string' }
type Row = readonly [string, Json, Json, readonly string[]]
const member = (direction: 'input' | 'output', a: Json): JsonObject => action({ [direction]: object({ a }) })
const kind = (name: string, more: JsonObject = {}): JsonObject => object({ kind: { const: name }, ...more }, { required: ['kind'] })

describe('of a member of the input', () => {
  const a = `${at}/input/properties/a`
  test.each<Row>([
    ['another type', text, { type: 'integer' }, [`! ${a}/type`]],
    ['one type more', text, { type: ['string', 'null'] }, [`- ${a}/type`]],
    ['one type less', { type: ['string', 'null'] }, text, [`! ${a}/type`]],
    ['whole numbers only', { type: 'number' }, { type: 'integer' }, [`! ${a}/type`]],
    ['all numbers', { type: 'integer' }, { type: 'number' }, [`- ${a}/type`]],
    ['multiples of one are whole', { type: 'number', multipleOf: 1 }, { type: 'integer' }, [`- ${a}/type`, `- ${a}/multipleOf`]],
    ['a value gone', { enum: ['x', 'y'] }, { enum: ['x'] }, [`! ${a}/enum`]],
    ['a value new', { enum: ['x'] }, { enum: ['x', 'y'] }, [`- ${a}/enum`]],
    ['values in another order', { enum: ['x', 'y'] }, { enum: ['y', 'x'] }, []],
    ['a list of one for a constant', { const: 'x' }, { enum: ['x'] }, [`- ${a}/const`, `- ${a}/enum`]],
    ['both of true and false', { type: 'boolean' }, { enum: [true, false] }, [`- ${a}/type`, `- ${a}/enum`]],
    ['shorter texts', { ...text, maxLength: 9 }, { ...text, maxLength: 5 }, [`! ${a}/maxLength`]],
    ['longer texts', { ...text, maxLength: 5 }, { ...text, maxLength: 9 }, [`- ${a}/maxLength`]],
    [
      'a bound that texts of the form have anyway',
      { ...text, pattern: '^[0-9]{8}$' },
      { ...text, pattern: '^[0-9]{8}$', maxLength: 8 },
      [`- ${a}/maxLength`]
    ],
    ['a wider form', { ...text, pattern: '^[0-9]{8}$' }, { ...text, pattern: '^[0-9]{8,10}$' }, [`- ${a}/pattern`]],
    ['a narrower form', { ...text, pattern: '^[0-9]{8,10}$' }, { ...text, pattern: '^[0-9]{8}$' }, [`! ${a}/pattern`]],
    ['the same form in other words', { ...text, pattern: '^[0-9]+$' }, { ...text, pattern: '^\\d\\d*$' }, [`- ${a}/pattern`]],
    ['a form that was none', text, { ...text, pattern: '^x' }, [`! ${a}/pattern`]],
    ['a form that nobody looks through', { ...text, pattern: '(?i)abc' }, { ...text, pattern: '(?i)abcd?e?' }, [`? ${a}/pattern`]],
    ['another format', { ...text, format: 'date' }, { ...text, format: 'date-time' }, [`! ${a}/format`]],
    ['no format any more', { ...text, format: 'date' }, text, [`- ${a}/format`]],
    ['a format that takes all', text, { ...text, format: 'password' }, [`- ${a}/format`]],
    ['a smaller range', { type: 'integer', maximum: 9 }, { type: 'integer', maximum: 5 }, [`! ${a}/maximum`]],
    [
      'the same range in other words',
      { type: 'integer', minimum: 1 },
      { type: 'integer', exclusiveMinimum: 0 },
      [`- ${a}/minimum`, `- ${a}/exclusiveMinimum`]
    ],
    ['finer steps', { type: 'number', multipleOf: 0.5 }, { type: 'number', multipleOf: 0.25 }, [`- ${a}/multipleOf`]],
    ['coarser steps', { type: 'number', multipleOf: 0.01 }, { type: 'number', multipleOf: 0.1 }, [`! ${a}/multipleOf`]],
    ['fewer items', { type: 'array', maxItems: 5 }, { type: 'array', maxItems: 3 }, [`! ${a}/maxItems`]],
    ['no item twice', { type: 'array' }, { type: 'array', uniqueItems: true }, [`! ${a}/uniqueItems`]],
    ['other items', { type: 'array', items: text }, { type: 'array', items: { type: 'integer' } }, [`! ${a}/items/type`]],
    ['one kind more', { oneOf: [kind('x'), kind('y')] }, { oneOf: [kind('x'), kind('y'), kind('z')] }, [`- ${a}/oneOf`]],
    ['one kind less', { oneOf: [kind('x'), kind('y')] }, { oneOf: [kind('x')] }, [`! ${a}/oneOf`]],
    [
      'a narrower kind',
      { oneOf: [kind('x', { n: { type: 'integer' } }), kind('y')] },
      { oneOf: [kind('x', { n: { type: 'integer', minimum: 1 } }), kind('y')] },
      [`! ${a}/oneOf/0/properties/n/minimum`]
    ],
    [
      'kinds in another order',
      { oneOf: [kind('x'), kind('y')] },
      { oneOf: [kind('y'), kind('x')] },
      [`- ${a}/oneOf/0/properties/kind/const`, `- ${a}/oneOf/1/properties/kind/const`]
    ],
    ['a choice that is both', { anyOf: [text, { type: 'integer' }] }, { type: ['string', 'integer'] }, [`- ${a}/type`, `- ${a}/anyOf`]],
    [
      'a choice of which two hold',
      { anyOf: [{ type: 'number' }, text] },
      { oneOf: [{ type: 'number' }, { type: 'integer' }, text] },
      [`! ${a}/oneOf`, `- ${a}/anyOf`]
    ],
    ['no text any more', { not: { type: 'null' } }, { not: { type: ['null', 'string'] } }, [`! ${a}/not`]],
    ['a member is gone', object({ b: text }), object({}), [`! ${a}/properties/b`]],
    ['a member is new', object({}), object({ b: text }), [`- ${a}/properties/b`]],
    [
      'a member is new and has to be there',
      object({}),
      object({ b: text }, { required: ['b'] }),
      [`! ${a}/required`, `- ${a}/properties/b`]
    ],
    [
      'a member is new and has a value of its own',
      object({}),
      object({ b: { ...text, default: 'x' } }, { required: ['b'] }),
      [`- ${a}/required`, `- ${a}/properties/b`]
    ],
    ['a member need not be there', object({ b: text }, { required: ['b'] }), object({ b: text }), [`- ${a}/required`]],
    ['another value for what is left out', { ...text, default: 'x' }, { ...text, default: 'y' }, [`! ${a}/default`]],
    ['no value for what is left out', { ...text, default: 'x' }, text, [`! ${a}/default`]],
    ['a value for what is left out', text, { ...text, default: 'x' }, [`? ${a}/default`]],
    ['an open object with a new member', { type: 'object' }, { type: 'object', properties: { b: text } }, [`- ${a}/properties/b`]],
    ['an open object is closed', { type: 'object' }, object({}), [`! ${a}/additionalProperties`]],
    ['a closed object is open', object({}), { type: 'object' }, [`- ${a}/additionalProperties`]],
    [
      'other words',
      { ...text, description: 'One' },
      { ...text, description: 'Two', examples: ['x'] },
      [`- ${a}/description`, `- ${a}/examples`]
    ],
    ['the session fills it no more', { ...text, 'x-session': 'a' }, text, [`! ${a}/x-session`]],
    ['the session fills it now', text, { ...text, 'x-session': 'a' }, [`- ${a}/x-session`]],
    ['a bound that no schema sets', { ...text, maxLength: 100_000 }, text, [`! ${a}/maxLength`]]
  ])('%s', async (_, before, after, expected) => {
    expect((await changed(member('input', before), member('input', after))).map(marked)).toEqual(expected)
  })
})

describe('of a member of the output', () => {
  const a = `${at}/output/properties/a`
  test.each<Row>([
    ['another type', text, { type: 'integer' }, [`! ${a}/type`]],
    ['one type more', text, { type: ['string', 'null'] }, [`! ${a}/type`]],
    ['one type less', { type: ['string', 'null'] }, text, [`- ${a}/type`]],
    ['a value new', { enum: ['x'] }, { enum: ['x', 'y'] }, [`! ${a}/enum`]],
    ['a value gone', { enum: ['x', 'y'] }, { enum: ['x'] }, [`- ${a}/enum`]],
    ['longer texts', { ...text, maxLength: 5 }, { ...text, maxLength: 9 }, [`! ${a}/maxLength`]],
    ['shorter texts', { ...text, maxLength: 9 }, { ...text, maxLength: 5 }, [`- ${a}/maxLength`]],
    ['no format any more', { ...text, format: 'date' }, text, [`! ${a}/format`]],
    ['a member is gone', object({ b: text }), object({}), [`! ${a}/properties/b`]],
    ['a member of an open object is gone', { type: 'object', properties: { b: text } }, { type: 'object' }, [`! ${a}/properties/b`]],
    [
      'a member is gone that is told by another branch',
      object({ b: text }),
      { type: 'object', anyOf: [{ properties: { b: text } }] },
      [`- ${a}/additionalProperties`, `- ${a}/properties/b`, `- ${a}/anyOf`]
    ],
    [
      'a member is new in a closed object',
      object({}),
      object({ b: text }, { required: ['b'] }),
      [`- ${a}/required`, `- ${a}/properties/b`]
    ],
    ['a closed object is open', object({}), { type: 'object' }, [`- ${a}/additionalProperties`]],
    ['a member is not always there', object({ b: text }, { required: ['b'] }), object({ b: text }), [`! ${a}/required`]],
    ['a member is always there', object({ b: text }), object({ b: text }, { required: ['b'] }), [`- ${a}/required`]],
    [
      'other values of a map',
      { type: 'object', additionalProperties: text },
      { type: 'object', additionalProperties: { type: 'integer' } },
      [`! ${a}/additionalProperties/type`]
    ],
    ['one kind more', { oneOf: [kind('x')] }, { oneOf: [kind('x'), kind('y')] }, [`! ${a}/oneOf`]],
    ['models see it no more', text, { ...text, 'x-sensitive': 'secret' }, [`! ${a}/x-sensitive`]],
    ['it is masked in logs', text, { ...text, 'x-sensitive': 'pii' }, [`- ${a}/x-sensitive`]],
    ['the session remembers it no more', { ...text, 'x-session': 'a' }, text, [`! ${a}/x-session`]]
  ])('%s', async (_, before, after, expected) => {
    expect((await changed(member('output', before), member('output', after))).map(marked)).toEqual(expected)
  })
})

test('a change says what was, what is, why, and shows a call that breaks', async () => {
  const [change] = await changed(member('input', { ...text, maxLength: 9 }), member('input', { ...text, maxLength: 5 }))
  expect(change).toEqual({
    breaking: true,
    certain: true,
    where: 'pay',
    pointer: `${at}/input/properties/a/maxLength`,
    was: 9,
    is: 5,
    why: 'maxLength is another one: a call that was taken is refused',
    example: { a: 'aaaaaa' }
  })
})

describe('of what actions share', () => {
  const sharing = (Money: JsonObject) =>
    contract(action({ input: object({ a: { $ref: '#/schemas/Money' } }), output: object({ a: { $ref: '#/schemas/Money' } }) }), {
      schemas: { Money }
    })

  test('a change is told once, at its own place', async () => {
    const changes = await compareContracts(sharing({ type: 'number', minimum: 0 }), sharing({ type: 'number', minimum: 1 }))
    expect(changes.map(change => [change.where, marked(change)])).toEqual([['schema Money', '! /schemas/Money/minimum']])
  })

  test('what only makes answers wider breaks too', async () => {
    const changes = await compareContracts(sharing({ type: 'number', minimum: 1 }), sharing({ type: 'number', minimum: 0 }))
    expect(changes.map(marked)).toEqual(['! /schemas/Money/minimum'])
  })

  test('written out it is the same', async () => {
    const written = action({ input: object({ a: { type: 'number' } }), output: object({ a: { type: 'number' } }) })
    expect(await compareContracts(sharing({ type: 'number' }), contract(written))).toEqual([])
  })

  test('a tree that leads back to itself is compared to its end', async () => {
    const tree = (label: JsonObject) => ({
      type: 'object',
      properties: { label, below: { type: 'array', items: { $ref: '#/schemas/Money' } } }
    })
    expect(await compareContracts(sharing(tree(text)), sharing({ ...tree(text), description: 'A tree' }))).toHaveLength(1)
    const changes = await compareContracts(sharing(tree(text)), sharing(tree({ ...text, pattern: '^a' })))
    expect(changes.map(marked)).toEqual(['! /schemas/Money/properties/label/pattern'])
  })
})

test('schemas that take too long to compare count as breaking, and say so', async () => {
  const wide = (last: string): JsonObject => {
    const branches = Array.from({ length: 14 }, (_, index) => ({
      anyOf: [{ properties: { [`a${index}`]: { const: 1 } } }, { required: [`b${index}`, last] }]
    }))
    return { type: 'object', allOf: branches }
  }
  const changes = await changed(action({ input: wide('x') }), action({ input: wide('y') }))
  expect(changes.some(({ breaking }) => breaking)).toBe(true)
  for (const { breaking, certain, why } of changes) if (breaking && !certain) expect(why).toContain('cannot tell')
})
