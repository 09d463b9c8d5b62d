/** `fixed` and `default` of an element or attribute, as `const` and `default` of its schema. */
import { isExact } from '../../../core/decimal.ts'
import type { JsonObject } from '../../../core/types.ts'

interface Given {
  readonly fixed: string | undefined
  readonly fallback: string | undefined
}

export function withValues(schema: JsonObject, { fixed, fallback }: Given): JsonObject {
  const given = fixed ?? fallback
  const [type] = [schema.type].flat()
  if (given === undefined || typeof type !== 'string' || type === 'array' || type === 'object') return schema
  const value = type === 'string' ? given : type === 'boolean' ? given === 'true' || given === '1' : Number(given)
  if (typeof value === 'number' && !isExact(given.trim())) return schema
  if (fixed === undefined) return Array.isArray(schema.enum) && !schema.enum.includes(value) ? schema : { ...schema, default: value }
  const { enum: _, pattern: __, ...rest } = schema
  return { ...rest, const: value }
}
