/** Pairs of manifests that differ in one thing. */
import type { Contract } from '../../src/core/contract/contract.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { contractOf } from '../../src/manifest/contract-of.ts'

export const action = (more: JsonObject = {}): JsonObject => ({
  title: 'Pay',
  description: 'Pays.',
  effect: 'write',
  scopes: ['pay:write'],
  idempotency: { key: ['ref'] },
  input: object({ ref: { type: 'string' } }, { required: ['ref'] }),
  output: object({ id: { type: 'string' } }, { required: ['id'] }),
  errors: { poor: { status: 409, title: 'Not enough money' } },
  ...more
})

export const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more
})

export const contract = (pay: JsonObject | undefined, more: JsonObject = {}): Contract =>
  contractOf({ bot: 'desk', version: '1.0.0', actions: pay === undefined ? {} : { pay }, ...more })
