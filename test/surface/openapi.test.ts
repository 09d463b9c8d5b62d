import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { errorKinds } from '../../src/core/errors.ts'
import type { Action, Bot, JsonObject, JsonSchema } from '../../src/core/types.ts'
import { openApiDocument } from '../../src/surface/openapi.ts'
import { rootSchema } from '../../src/surface/root-schema.ts'

const base = parse(readFileSync('openapi/retrofit.yaml', 'utf8')) as JsonObject

const action = (name: string, input: JsonSchema, more: Partial<Action> = {}): Action => ({
  name,
  bot: 'b',
  botVersion: 'f'.repeat(64),
  title: name,
  description: `Does ${name}.`,
  effect: 'read',
  scopes: ['b:read'],
  input,
  output: { type: 'object' },
  checkInput: () => [],
  checkOutput: () => [],
  errors: {},
  idempotency: { ttlMs: 1 },
  retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1 },
  timeouts: { queueMs: 1, runMs: 1 },
  settleMs: 0,
  steps: null,
  ...more
})

const bot = (actions: readonly Action[]): Bot => ({
  name: 'b',
  version: '1.0.0',
  digest: 'd',
  title: 'Bot B',
  adapter: 'echo',
  target: { url: 'http://x', waiting: 1, egress: [], env: {} },
  actions,
  source: ''
})

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of any shape
const documentOf = (actions: readonly Action[], scopes = true): any =>
  openApiDocument({ base, bots: [bot(actions)], allows: () => scopes, serverUrl: '/' })

const person = (type: string): JsonSchema => ({
  type: 'object',
  properties: { who: { $ref: '#/$defs/Person' }, $ref: { type: 'string' } },
  $defs: { Person: { type, properties: { parent: { $ref: '#/$defs/Person' } } } },
  default: { $ref: '#/$defs/Person' }
})

describe('schemas of actions', () => {
  test('with the same names inside do not meet', () => {
    const { components, paths } = documentOf([action('b_one', person('object')), action('b_two', person('string'))])
    expect(components.schemas['b_one.input.Person'].type).toBe('object')
    expect(components.schemas['b_two.input.Person'].type).toBe('string')
    expect(components.schemas['b_one.input'].properties.who).toEqual({ $ref: '#/components/schemas/b_one.input.Person' })
    expect(components.schemas['b_one.input.Person'].properties.parent).toEqual({ $ref: '#/components/schemas/b_one.input.Person' })
    expect(paths['/v1/actions/b_one'].post.requestBody.content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/b_one.input'
    })
  })

  test('a property that is called $ref, and data, stay as they are', () => {
    const moved = rootSchema('x', person('object')).x as JsonObject
    expect(moved.properties).toHaveProperty('$ref', { type: 'string' })
    expect(moved.default).toEqual({ $ref: '#/$defs/Person' })
    expect(moved).not.toHaveProperty('$defs')
  })

  test('references to the whole, into it and into definitions follow', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: {
        self: { $ref: '#' },
        first: { type: 'string' },
        same: { $ref: '#/properties/first' },
        odd: { $ref: '#/$defs/a~1b%20c' },
        deep: { $ref: '#/$defs/D/properties/x' }
      },
      $defs: { 'a/b c': { type: 'string' }, D: { properties: { x: { type: 'number' } } } }
    }
    const schemas = rootSchema('b_x.input', schema)
    expect((schemas['b_x.input'] as JsonObject).properties).toMatchObject({
      self: { $ref: '#/components/schemas/b_x.input' },
      same: { $ref: '#/components/schemas/b_x.input/properties/first' },
      odd: { $ref: '#/components/schemas/b_x.input.a_b_c' },
      deep: { $ref: '#/components/schemas/b_x.input.D/properties/x' }
    })
    expect(schemas['b_x.input.a_b_c']).toEqual({ type: 'string' })
    expect(schemas['b_x.input']).not.toHaveProperty('$schema')
  })
})

describe('the operation of an action', () => {
  const input = { type: 'object', properties: { ref: { type: 'string' } } }

  test('carries its name, words, scopes, example, headers and errors', () => {
    const data = { schema: { type: 'object', properties: { tried: { type: 'string' } } }, check: () => [] }
    const errors = { no_account: { status: 404, title: 'No such account', hint: 'Check it.', notApplied: false, data } }
    const { post } = documentOf([action('b_one', input, { example: { ref: 'x' }, errors, scopes: ['b:read', 'b:more'] })]).paths[
      '/v1/actions/b_one'
    ]
    expect(post.callbacks).toEqual({ runEnded: { $ref: '#/components/callbacks/RunEnded' } })
    expect(post).toMatchObject({ operationId: 'b_one', summary: 'b_one', tags: ['Bot B'], security: [{ apiKey: ['b:read', 'b:more'] }] })
    expect(post.requestBody.content['application/json'].example).toEqual({ ref: 'x' })
    expect(Object.keys(post.responses)).toEqual(
      expect.arrayContaining(['200', '202', '400', '401', '403', '404', '422', '429', '502', '503', '504'])
    )
    expect(post.responses['404'].content['application/problem+json'].examples).toMatchObject({
      no_account: { value: { code: 'no_account', status: 404, type: 'urn:retrofit:problem:no_account', hint: 'Check it.' } },
      action_not_found: { $ref: '#/components/examples/action_not_found' }
    })
    expect(post.responses['404'].content['application/problem+json'].schema.anyOf).toMatchObject([
      { allOf: [{}, { properties: { code: { const: 'no_account' }, data: { $ref: '#/components/schemas/b_one.error.no_account' } } }] },
      { allOf: [{}, { properties: { code: { enum: ['action_not_found'] } } }] }
    ])
    expect(post.responses['200'].headers).toHaveProperty('Run-Id')
  })

  test('says outcome_unknown and idempotency_key_required only where they can happen', () => {
    const codes = (more: Partial<Action>): string[] => {
      const { paths, components } = documentOf([action('b_one', input, more)])
      const { responses } = paths['/v1/actions/b_one'].post
      return Object.values(responses as Record<string, { $ref?: string }>).flatMap(response => {
        const { content } = response.$ref === undefined ? response : components.responses[response.$ref.split('/').at(-1) as string]
        return Object.keys(content?.['application/problem+json']?.examples ?? {})
      })
    }
    const special = (more: Partial<Action>): string[] => codes(more).filter(code => /outcome_unknown|idempotency_key_required/.test(code))
    expect(special({})).toEqual([])
    expect(special({ effect: 'write' }).sort()).toEqual(['idempotency_key_required', 'outcome_unknown'])
    expect(special({ effect: 'write', idempotency: { key: ['ref'], ttlMs: 1 } })).toEqual(['outcome_unknown'])
  })

  test('what many actions answer alike is written once, what one declares stays with it', () => {
    const errors = { no_account: { status: 404, title: 'No such account', notApplied: false } }
    const { paths, components } = documentOf([action('b_one', input), action('b_two', input), action('b_three', input, { errors })])
    const responses = (name: string) => paths[`/v1/actions/${name}`].post.responses
    expect(responses('b_one')['404']).toEqual({ $ref: '#/components/responses/Call404' })
    expect(responses('b_two')).toMatchObject({ '404': responses('b_one')['404'], '503': responses('b_one')['503'] })
    expect(Object.keys(responses('b_three')['404'].content['application/problem+json'].examples)).toEqual([
      'no_account',
      'action_not_found'
    ])
    expect(components.responses.Call404.content['application/problem+json'].examples).toHaveProperty('action_not_found')
    expect(components.responses).not.toHaveProperty('Call404_2')
  })

  test('all references are local and lead somewhere', () => {
    const document = documentOf([action('b_one', person('object'))])
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(match => match[1] as string)
    for (const reference of references.filter(one => one !== '#/$defs/Person')) {
      expect(reference).toMatch(/^#\//)
      const target = reference
        .slice(2)
        .split('/')
        .reduce((value, name) => value?.[name], document)
      expect(target).toBeDefined()
    }
  })
})

test('a reader without scopes gets the operations that need none', () => {
  const { paths } = openApiDocument({
    base,
    bots: [bot([action('b_one', {})])],
    allows: scopes => scopes.length === 0,
    serverUrl: '/'
  }) as {
    paths: Record<string, object>
  }
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/v1/runs', '/healthz']))
  expect(Object.keys(paths)).not.toEqual(expect.arrayContaining(['/v1/bots']))
  expect(paths).not.toHaveProperty('/v1/actions/b_one')
})

test('the examples of the contract say what the table of errors says', () => {
  const { examples } = base.components as { examples: Record<string, { summary: string; value: JsonObject }> }
  /** These are answered before there is an operation. */
  const elsewhere = new Set(['not_found', 'method_not_allowed'])
  expect(Object.keys(examples).sort()).toEqual(
    Object.keys(errorKinds)
      .filter(code => !elsewhere.has(code))
      .sort()
  )
  for (const [code, { otherwise: _, ...kind }] of Object.entries(errorKinds)) {
    if (elsewhere.has(code)) continue
    expect(examples[code]?.value).toMatchObject({ ...kind, code, type: `urn:retrofit:problem:${code}` })
  }
})
