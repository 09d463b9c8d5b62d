import { expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { newAjv } from '../../src/core/schema.ts'

test.each([
  [{ type: 'object', properties: { a: { $ref: '#/$defs/b' } }, $defs: { b: { type: ['string', 'null'], pattern: '(' } } }],
  [{ type: 'strng' }],
  [{ type: ['string', 'string'] }],
  [{ properties: { a: { minLength: -1 } } }],
  [{ $defs: { a: { items: { required: [1] } } } }],
  [{ allOf: [] }],
  [{ $anchor: '1' }],
  [{ dependentRequired: { a: 'b' } }],
  [{ enum: 'a' }]
])('the meta-schema that is compiled beforehand says of %j what Ajv says', schema => {
  const ajv = newAjv()
  const plain = new Ajv2020({ logger: false })
  expect(ajv.validateSchema(schema)).toBe(plain.validateSchema(schema))
  expect(ajv.errors).toEqual(plain.errors)
})
