/** A schema's defaults belong to the call: its key, what is kept of it, and what the adapter sees. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { fillDefaults, withDefaults } from '../../src/core/defaults.ts'
import { compileSchema } from '../../src/core/schema.ts'
import type { Json, JsonObject, JsonSchema } from '../../src/core/types.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

const input: JsonSchema = {
  type: 'object',
  required: ['reference', 'currency'],
  additionalProperties: false,
  properties: {
    reference: { type: 'string' },
    currency: { type: 'string', default: 'EUR' },
    options: { type: 'object', additionalProperties: false, properties: { urgent: { type: 'boolean', default: false } } },
    pin: { type: 'string', default: '0000', 'x-sensitive': 'secret' }
  }
}

async function open(key: readonly string[]) {
  const seen: Json[] = []
  opened = await openEngine({
    bot: payBot({ input, checkInput: compileSchema(input), idempotency: { key, ttlMs: 3_600_000 } }),
    script: {
      run: async call => {
        await call.commit()
        seen.push(call.input)
        return {}
      }
    }
  })
  const { engine, ended } = opened
  const pay = (given: JsonObject, idempotencyKey?: string) =>
    engine.submit({ caller, action: 'pay_money', input: given, ...(idempotencyKey !== undefined && { idempotencyKey }) })
  return { seen, ended, pay, engine }
}

describe('a call with the default and one without it', () => {
  test('are one call, by the key of the manifest and by that of the caller', async () => {
    const { seen, ended, pay } = await open(['reference', 'currency'])
    const first = await pay({ reference: 'A', options: {} }, 'k1')
    await ended(first.run)
    const whole = { reference: 'A', currency: 'EUR', options: { urgent: false }, pin: '0000' }
    expect(await pay(whole)).toMatchObject({ outcome: 'replayed', run: { id: first.run.id } })
    expect(await pay(whole, 'k1')).toMatchObject({ outcome: 'replayed', run: { id: first.run.id } })
    expect(await pay({ reference: 'A', options: {} }, 'k2')).toMatchObject({ outcome: 'replayed', run: { id: first.run.id } })
    expect(seen).toEqual([whole])
  })

  test('with another value it is another call', async () => {
    const { seen, ended, pay } = await open(['reference', 'currency'])
    await ended((await pay({ reference: 'A' })).run)
    await ended((await pay({ reference: 'A', currency: 'USD' })).run)
    expect(seen).toHaveLength(2)
    await expect(pay({ reference: 'A', options: { urgent: true } })).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })

  test('what is kept has the default, and a marked one is sealed', async () => {
    const { ended, pay, engine } = await open(['reference'])
    const run = await ended((await pay({ reference: 'A' })).run)
    expect(run.input).toMatchObject({ reference: 'A', currency: 'EUR' })
    expect(JSON.stringify(run.input)).not.toContain('0000')
    expect(await engine.plan({ caller, action: 'pay_money', input: { reference: 'B' } })).toMatchObject({ input: { currency: 'EUR' } })
  })
})

const schema = (properties: JsonObject, more: JsonObject = {}): JsonSchema => ({ type: 'object', properties, ...more })

test.each<[string, JsonSchema, Json, Json]>([
  ['null is a value', schema({ a: { default: 1 } }), { a: null }, { a: null }],
  ['an object that is not there is not made', schema({ a: schema({ b: { default: 1 } }) }), {}, {}],
  ['one with a default of its own is made whole', schema({ a: { default: {}, ...schema({ b: { default: 1 } }) } }), {}, { a: { b: 1 } }],
  [
    'items',
    schema({ a: { type: 'array', items: schema({ b: { default: 1 } }) } }),
    { a: [{}, { b: 2 }, 3] },
    { a: [{ b: 1 }, { b: 2 }, 3] }
  ],
  ['the first items', schema({ a: { prefixItems: [schema({ b: { default: 1 } })], items: {} } }), { a: [{}, {}] }, { a: [{ b: 1 }, {}] }],
  ['behind $ref', schema({ a: { $ref: '#/$defs/x' } }, { $defs: { x: { default: 'y' } } }), {}, { a: 'y' }],
  [
    'beside $ref the nearer one wins',
    schema({ a: { $ref: '#/$defs/x', default: 'n' } }, { $defs: { x: { default: 'y' } } }),
    {},
    { a: 'n' }
  ],
  ['in allOf', schema({}, { allOf: [schema({ a: { default: 1 } })] }), {}, { a: 1 }],
  ['not in a branch', schema({}, { anyOf: [schema({ a: { default: 1 } })] }), {}, {}],
  ['of names that every object has', schema({ toString: { default: 'x' } }), {}, { toString: 'x' }],
  ['what is no object stays', schema({ a: { default: 1 } }), 'text', 'text']
])('%s', (_, given, value, filled) => {
  const before = JSON.stringify(value)
  expect(withDefaults(given, value)).toEqual(filled)
  expect(JSON.stringify(value)).toBe(before)
})

test('defaults that lead back to themselves, or multiply, end', () => {
  const child = { $ref: '#/$defs/n' }
  const endless = schema({ n: child }, { $defs: { n: { default: {}, properties: { a: child } } } })
  const twofold = schema({ n: child }, { $defs: { n: { default: {}, properties: { a: child, b: child, c: child } } } })
  expect(fillDefaults(endless, {}).isCut).toBe(true)
  expect(fillDefaults(twofold, {}).isCut).toBe(true)
})
