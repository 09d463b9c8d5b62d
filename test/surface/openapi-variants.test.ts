import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { newAjv } from '../../src/core/schema.ts'
import type { Action, JsonObject } from '../../src/core/types.ts'
import { gptDocument } from '../../src/surface/gpt-actions.ts'
import { openApiDocument } from '../../src/surface/openapi.ts'
import { schema30, toOpenApi30 } from '../../src/surface/openapi-30.ts'
import { actionWith, sampleActions } from './actions.ts'
import { randomInput, seeded } from './random-schema.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of any shape
type Any = any

const base = parse(readFileSync('openapi/retrofit.yaml', 'utf8')) as JsonObject
const documentOf = (actions: readonly Action[]): Any =>
  openApiDocument({
    base,
    serverUrl: '/',
    allows: () => true,
    bots: [
      {
        name: 'b',
        version: '1',
        digest: 'd',
        title: 'B',
        adapter: 'echo',
        target: { url: 'x', waiting: 1, egress: [], env: {} },
        actions,
        source: ''
      }
    ]
  })

/** What a 3.0 schema means, as JSON Schema 2020-12. */
function meaning(schema: Any): Any {
  if (Array.isArray(schema)) return schema.map(meaning)
  if (typeof schema !== 'object' || schema === null) return schema
  const { nullable, exclusiveMinimum, exclusiveMaximum, minimum, maximum, properties, enum: values, ...rest } = schema
  return {
    ...Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name, ['required', 'example', 'default'].includes(name) ? value : meaning(value)])
    ),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, meaning(one)])) }),
    ...(values === undefined ? {} : { enum: values }),
    ...(nullable ? { type: [schema.type, 'null'] } : {}),
    ...(minimum === undefined ? {} : { [exclusiveMinimum ? 'exclusiveMinimum' : 'minimum']: minimum }),
    ...(maximum === undefined ? {} : { [exclusiveMaximum ? 'exclusiveMaximum' : 'maximum']: maximum })
  }
}

/** Another value at a place inside. */
function spoilt(value: Any, random: () => number): Any {
  const inside = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (inside.length === 0 || random() < 0.3) return [null, 'other', 100, 1.5, [], {}, true][Math.floor(random() * 7)]
  const name = inside[Math.floor(random() * inside.length)] as string
  const copy = structuredClone(value)
  copy[name] = spoilt(copy[name], random)
  return copy
}

describe('OpenAPI 3.0', () => {
  test('admits and refuses what 3.1 does', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed)
      const { schema, value } = randomInput(random)
      const { $defs, ...root } = schema
      const [before, after] = [
        newAjv().compile(schema),
        newAjv().compile({
          ...meaning(schema30(root)),
          $defs: Object.fromEntries(Object.entries($defs).map(([name, one]) => [name, meaning(schema30(one as JsonObject))]))
        })
      ]
      for (let i = 0; i < 20; i++) {
        const one = i % 2 === 0 ? value() : spoilt(value(), random)
        expect({ seed, one, is: after(one) }).toEqual({ seed, one, is: before(one) })
      }
    }
  })

  test.each<[string, JsonObject, JsonObject]>([
    ['null as a type', { type: ['string', 'null'] }, { type: 'string', nullable: true }],
    [
      'two types',
      { type: ['string', 'integer'], maxLength: 3 },
      {
        anyOf: [
          { type: 'string', maxLength: 3 },
          { type: 'integer', maxLength: 3 }
        ]
      }
    ],
    ['const', { const: 1 }, { enum: [1] }],
    ['an exclusive bound', { exclusiveMinimum: 0, minimum: -1 }, { minimum: 0, exclusiveMinimum: true }],
    ['a weaker exclusive bound', { exclusiveMaximum: 9, maximum: 5 }, { maximum: 5 }],
    ['siblings of $ref', { $ref: '#/x', description: 'd' }, { allOf: [{ $ref: '#/x' }], description: 'd' }],
    ['examples', { examples: [1, 2] }, { example: 1 }],
    ['a property that is called const', { properties: { const: { const: 1 } } }, { properties: { const: { enum: [1] } } }],
    ['a list without items', { type: 'array' }, { type: 'array', items: {} }],
    [
      'a tuple',
      { type: 'array', prefixItems: [{ const: 1 }], items: false },
      { type: 'array', items: { anyOf: [{ enum: [1] }] }, maxItems: 1 }
    ],
    ['dependentRequired', { dependentRequired: { a: ['b'] } }, { allOf: [{ anyOf: [{ not: { required: ['a'] } }, { required: ['b'] }] }] }],
    ['what it can not say', { contains: { const: 1 } }, { description: 'Must also fit the JSON Schema {"contains":{"const":1}}.' }]
  ])('%s', (_, written, expected) => {
    expect(schema30(written)).toEqual(expected)
  })

  test('and 3.1 say what somebody else wrote', () => {
    const output = { type: 'object', properties: { note: { type: ['string', 'null'], 'x-untrusted': true } } }
    const full = documentOf([actionWith('b_x', { type: 'object' }, { output })])
    for (const { document } of [{ document: full }, { document: toOpenApi30(full) as Any }, gptDocument(full) as { document: Any }])
      expect(document.components.schemas['b_x.output'].properties.note['x-untrusted']).toBe(true)
  })

  test('lists no scopes for a key, and says them', () => {
    const { post } = (toOpenApi30(documentOf([actionWith('b_x', { type: 'object' })])) as Any).paths['/v1/actions/b_x']
    expect(post).toMatchObject({
      security: [{ apiKey: [] }],
      'x-scopes': ['b:read'],
      description: expect.stringContaining('Needs the scope b:read.')
    })
  })
})

describe('GPT Actions', () => {
  const many = Array.from({ length: 40 }, (_, i) =>
    actionWith(
      `b_${String(i).padStart(2, '0')}`,
      { type: 'object', properties: { a: { type: 'string', description: 'x'.repeat(900) } } },
      { description: 'Use it. '.repeat(90) }
    )
  )

  test('30 operations, short texts, no headers, an answer in 45 seconds', () => {
    const { document, leftOut } = gptDocument(documentOf(many)) as { document: Any; leftOut: readonly string[] }
    const operations = Object.values<Any>(document.paths).flatMap(item => Object.values<Any>(item))
    expect(operations).toHaveLength(30)
    expect(leftOut).toEqual(many.slice(29).map(({ name }) => name))
    for (const { summary, description, parameters } of operations) {
      expect(Math.max(summary.length, description.length)).toBeLessThanOrEqual(300)
      for (const parameter of parameters) expect(parameter.in).not.toBe('header')
      expect(parameters.find(({ name }: Any) => name === 'wait').schema.maximum).toBeLessThan(45)
    }
    expect(document.components.schemas['b_00.input'].properties.a.description.length).toBeLessThanOrEqual(700)
    expect(document.components).not.toHaveProperty('parameters')
    expect(JSON.stringify(document).length).toBeLessThan(100_000)
  })

  test('speaks to a model that sees no header', () => {
    const { paths } = gptDocument(documentOf(sampleActions)).document as Any
    const names = (name: string) => paths[`/v1/actions/${name}`].post.parameters.map((one: Any) => one.name)
    expect(names('teller_transfer')).toContain('idempotencyKey')
    expect(names('teller_get_balance')).not.toContain('idempotencyKey')
    for (const item of Object.values<Any>(paths))
      for (const { parameters, responses } of Object.values<Any>(item)) {
        expect(JSON.stringify([parameters, Object.values<Any>(responses).map(({ description }) => description)])).not.toMatch(
          /header|Prefer|`Location`/
        )
        if (responses['202'] !== undefined) expect(responses['202'].description).toMatch(/getRun/)
      }
  })

  test('asks before what changes something', () => {
    const asked = Object.values<Any>((gptDocument(documentOf(sampleActions)).document as Any).paths).map(item => {
      const { operationId, 'x-openai-isConsequential': is } = Object.values<Any>(item)[0]
      return [operationId, is]
    })
    expect(Object.fromEntries(asked)).toMatchObject({
      teller_get_balance: false,
      teller_transfer: true,
      corebank_post_payment: true,
      getRun: false
    })
    expect(documentOf(sampleActions).paths['/v1/actions/teller_transfer'].post['x-openai-isConsequential']).toBe(true)
  })
})
