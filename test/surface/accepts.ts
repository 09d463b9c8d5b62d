/** A small judge of values, for thousands of schemas that are asked once each: of what definitions hold, in JSON Schema and in Gemini's words. */

// biome-ignore lint/suspicious/noExplicitAny: schemas and values of any shape are looked into
type Any = any

const typeOf = (value: Any): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

const isOf = (value: Any, type: string): boolean => (type === 'integer' ? Number.isInteger(value) : typeOf(value) === type)

export function accepts(value: Any, schema: Any, root: Any = schema): boolean {
  if (typeof schema === 'boolean') return schema
  if (value === null && schema.nullable === true) return true
  if (schema.$ref !== undefined && !accepts(value, root.$defs[schema.$ref.replace('#/$defs/', '')], root)) return false
  if (schema.anyOf !== undefined && !schema.anyOf.some((branch: Any) => accepts(value, branch, root))) return false
  const types = schema.type === undefined ? [] : [schema.type].flat().map((type: string) => type.toLowerCase())
  if (types.length > 0 && !types.some((type: string) => isOf(value, type))) return false
  if ('const' in schema && JSON.stringify(schema.const) !== JSON.stringify(value)) return false
  if (schema.enum !== undefined && !schema.enum.some((one: Any) => JSON.stringify(one) === JSON.stringify(value))) return false
  if (typeof value === 'number') return value >= (schema.minimum ?? -Infinity)
  if (typeof value === 'string') return value.length <= (schema.maxLength ?? Infinity)
  if (Array.isArray(value)) return value.every(item => accepts(item, schema.items ?? true, root))
  return typeof value !== 'object' || value === null || acceptsObject(value, schema, root)
}

function acceptsObject(value: Any, schema: Any, root: Any): boolean {
  const names = Object.keys(value)
  if (names.length < (schema.minProperties ?? 0) || names.length > (schema.maxProperties ?? Infinity)) return false
  if ((schema.required ?? []).some((name: string) => !Object.hasOwn(value, name))) return false
  return names.every(name => {
    const listed = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties[name] : (schema.additionalProperties ?? true)
    return accepts(value[name], listed, root)
  })
}
