/** Null: whether a schema admits it, and how a provider is told. */
import type { Json, JsonObject } from '../core/types.ts'
import type { Profile } from './dialect.ts'
import { asObject, resolve, typesOf } from './flatten.ts'

export function admitsNull(schema: Json, root: JsonObject, seen: readonly string[] = []): boolean {
  if (typeof schema === 'boolean') return schema
  const { type, enum: values, const: constant, allOf, anyOf, oneOf, $ref } = asObject(schema)
  const branches = (list: Json | undefined): readonly Json[] => (Array.isArray(list) ? (list as readonly Json[]) : [])
  const admits = (one: Json): boolean => admitsNull(one, root, seen)
  if (type !== undefined && !typesOf(type).includes('null')) return false
  if (Array.isArray(values) && !values.includes(null)) return false
  if (constant !== undefined && constant !== null) return false
  if (!branches(allOf).every(admits)) return false
  if (anyOf !== undefined && !branches(anyOf).some(admits)) return false
  if (oneOf !== undefined && !branches(oneOf).some(admits)) return false
  if (typeof $ref !== 'string' || seen.includes($ref)) return true
  return admitsNull(resolve(root, $ref), root, [...seen, $ref])
}

export function withNull(schema: JsonObject, { nullable }: Profile): JsonObject {
  if (nullable === 'keyword') return { ...schema, nullable: true }
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...(schema.anyOf as readonly Json[]), { type: 'null' }] }
  if (schema.$ref !== undefined || schema.const !== undefined) {
    const { description, ...bare } = schema
    return { anyOf: [bare, { type: 'null' }], ...(description === undefined ? {} : { description }) }
  }
  if (schema.type === undefined) return schema
  const values = schema.enum === undefined ? {} : { enum: [...(schema.enum as readonly Json[]), null] }
  return { ...schema, type: [...typesOf(schema.type), 'null'], ...values }
}
