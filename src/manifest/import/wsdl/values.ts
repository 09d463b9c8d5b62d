/** What stands beside the type of an element or attribute: its documentation, a fixed value, a default. */
import type { JsonObject } from '../../../core/types.ts'

export const described = (schema: JsonObject, documentation: string): JsonObject =>
  documentation === ''
    ? schema
    : {
        ...schema,
        description: [documentation.slice(0, 1_500), schema.$ref === undefined ? schema.description : '']
          .filter(Boolean)
          .join('. ')
          .replaceAll('..', '.')
      }

export function withValues(
  schema: JsonObject,
  { fixed, fallback }: { fixed: string | undefined; fallback: string | undefined }
): JsonObject {
  const given = fixed ?? fallback
  if (given === undefined || typeof schema.type !== 'string' || schema.type === 'array' || schema.type === 'object') return schema
  const value = schema.type === 'string' ? given : schema.type === 'boolean' ? given === 'true' || given === '1' : Number(given)
  if (typeof value === 'number' && !Number.isFinite(value)) return schema
  if (fixed === undefined) return Array.isArray(schema.enum) && !schema.enum.includes(value) ? schema : { ...schema, default: value }
  const { enum: _, pattern: __, ...rest } = schema
  return { ...rest, const: value }
}
