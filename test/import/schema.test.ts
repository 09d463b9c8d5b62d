import { describe, expect, test } from '@jest/globals'
import { compileSchema } from '../../src/core/schema.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { importSchema } from '../../src/manifest/import/schema/import-schema.ts'
import { good, load } from '../manifest/manifests.ts'

const draft4 = 'http://json-schema.org/draft-04/schema#'
const draft7 = 'http://json-schema.org/draft-07/schema#'

describe('an older schema says the same in 2020-12', () => {
  test.each<readonly [string, JsonObject, JsonObject]>([
    ['the draft itself', { $schema: draft7, $id: 'https://a.example/x', type: 'string' }, { type: 'string' }],
    [
      'an open bound of draft 4',
      { minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
      { exclusiveMinimum: 1, maximum: 9 }
    ],
    [
      'definitions',
      { $ref: '#/definitions/a', definitions: { a: { type: 'string' }, unused: {} } },
      { $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }
    ],
    [
      'a reference to anywhere',
      { properties: { a: { type: 'string' }, b: { $ref: '#/properties/a' } } },
      { properties: { a: { type: 'string' }, b: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'string' } } }
    ],
    [
      'a reference by id',
      { properties: { a: { $ref: 'https://a.example/b' } }, definitions: { b: { $id: 'https://a.example/b', type: 'null' } } },
      { properties: { a: { $ref: '#/$defs/b' } }, $defs: { b: { type: 'null' } } }
    ],
    [
      'a reference by anchor',
      { items: { $ref: '#one' }, definitions: { b: { $anchor: 'one', type: 'null' } } },
      { items: { $ref: '#/$defs/b' }, $defs: { b: { type: 'null' } } }
    ],
    ['a tree', { properties: { a: { $ref: '#' } } }, { properties: { a: { $ref: '#' } } }],
    ['a tree of 2019-09', { $recursiveAnchor: true, properties: { a: { $recursiveRef: '#' } } }, { properties: { a: { $ref: '#' } } }],
    ['a tuple', { items: [{ type: 'string' }], additionalItems: false }, { prefixItems: [{ type: 'string' }], items: false }],
    [
      'dependencies',
      { dependencies: { a: ['b'], c: { required: ['d'] } } },
      { dependentRequired: { a: ['b'] }, dependentSchemas: { c: { required: ['d'] } } }
    ],
    ['nullable', { type: 'string', nullable: true, enum: ['a'] }, { type: ['string', 'null'], enum: ['a', null] }],
    [
      'nullable without a type',
      { nullable: true, allOf: [{ type: 'string' }] },
      { anyOf: [{ allOf: [{ type: 'string' }] }, { type: 'null' }] }
    ],
    ['an example', { type: 'string', example: 'x' }, { type: 'string', examples: ['x'] }],
    [
      'required of draft 3',
      { properties: { a: { type: 'string', required: true }, b: { required: false } } },
      { properties: { a: { type: 'string' }, b: {} }, required: ['a'] }
    ],
    [
      'types of draft 3',
      { type: ['string', { properties: {} }], divisibleBy: 2, disallow: 'null' },
      { allOf: [{ anyOf: [{ type: 'string' }, { properties: {} }] }, { not: { type: 'null' } }], multipleOf: 2 }
    ],
    [
      'marks of our own',
      { properties: { a: { type: 'string', 'x-sensitive': 'pii', 'x-session': 'a' } } },
      { properties: { a: { type: 'string', 'x-sensitive': 'pii', 'x-session': 'a' } } }
    ],
    ['escapes that RE2 does not know', { pattern: '^\\u0041\\/$' }, { pattern: '^\\x{0041}/$' }],
    [
      'a name that a pattern meets too',
      { properties: { ab: { type: 'string' } }, patternProperties: { '^a': { minLength: 2 } }, additionalProperties: false },
      {
        properties: { ab: { type: 'string' } },
        allOf: [{ patternProperties: { '^ab$': true, '^a': { minLength: 2 } }, additionalProperties: false }]
      }
    ]
  ])('%s', (_, old, expected) => {
    const { schema, mistakes } = importSchema(old)
    expect([schema, mistakes]).toEqual([expected, []])
    compileSchema(schema)
  })
})

describe('what is lost is told, with its place', () => {
  test.each<readonly [string, Json, string, RegExp]>([
    ['an annotation of others', { properties: { a: { 'x-order': 1 } } }, '/properties/a/x-order', /annotation of others/],
    ['a discriminator', { discriminator: { propertyName: 'kind' } }, '/discriminator', /OpenAPI/],
    ['an unknown keyword', { propertyOrder: ['a'] }, '/propertyOrder', /unknown keyword/],
    ['a format', { format: 'color' }, '/format', /not known/],
    ['a pattern', { pattern: '^(?!a)' }, '/pattern', /RE2/],
    [
      'a pattern of names, and what closes around it',
      { patternProperties: { '(?=a)': {} }, additionalProperties: false },
      '/additionalProperties',
      /nobody can tell/
    ],
    ['a reference that leads out', { $ref: 'https://b.example/x.json' }, '/$ref', /leads out/],
    ['a reference that leads nowhere', { $ref: '#/definitions/none' }, '/$ref', /nowhere/],
    [
      'what stands beside a reference',
      { $schema: draft4, $ref: '#/definitions/a', maxLength: 3, definitions: { a: {} } },
      '/maxLength',
      /beside a \$ref/
    ],
    ['a type that is none', { type: 'Date' }, '/type', /no type/],
    ['else without if', { else: { type: 'string' } }, '/else', /without if/],
    ['a default that does not fit', { properties: { a: { type: 'integer', default: 'x' } } }, '/properties/a/default', /does not fit/],
    ['a comment', { $comment: 'x' }, '/$comment', /comment/],
    ['no schema', [1], '', /no schema/]
  ])('%s', (_, old, pointer, message) => {
    const { notes, mistakes, schema } = importSchema(old)
    expect([notes.find(note => note.pointer === pointer)?.message, mistakes]).toEqual([expect.stringMatching(message), []])
    compileSchema(schema)
  })
})

test('a schema of an OpenAPI document comes with what it refers to', () => {
  const document = {
    openapi: '3.0.3',
    components: {
      schemas: {
        Pet: { type: 'object', properties: { tag: { $ref: '#/components/schemas/Tag' }, mate: { $ref: '#/components/schemas/Pet' } } },
        Tag: { type: 'string' }
      }
    }
  }
  const { schema, notes } = importSchema(document, '/components/schemas/Pet')
  expect(schema).toEqual({
    type: 'object',
    properties: { tag: { $ref: '#/$defs/Tag' }, mate: { $ref: '#' } },
    $defs: { Tag: { type: 'string' } }
  })
  expect(notes).toEqual([])
})

test('a manifest takes what was imported', async () => {
  const old = {
    $schema: draft4,
    type: 'object',
    properties: { a: { $ref: '#/definitions/n' } },
    definitions: { n: { type: 'integer', minimum: 0, exclusiveMinimum: true } }
  }
  const asOutput = (schema: unknown) => load(good.replace('output: { type: object }', `output: ${JSON.stringify(schema)}`))
  expect((await asOutput(old)).bot).toBeUndefined()
  expect((await asOutput(importSchema(old).schema)).bot).toBeDefined()
})

test('a schema that is nested without end is told, not fallen over', () => {
  let deep: Json = {}
  for (let level = 0; level < 2_000; level += 1) deep = { not: deep }
  expect(importSchema(deep).notes.map(({ message }) => message)).toContainEqual(expect.stringContaining('nested too deeply'))
})
