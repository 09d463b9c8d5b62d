/** `enum` and `const` → values that a provider takes. */
import type { Json, JsonObject } from '../core/types.ts'
import type { Compiling, Part } from './compile-schema.ts'
import { decodeListed, unchanged } from './decode.ts'
import { typesOf } from './flatten.ts'
import { described, mapped, type NodePlace, nullPart, refuse, worded } from './node-part.ts'
import { isOfType } from './union-part.ts'
import { inWords } from './words.ts'

/** What is listed, grouped by type: an enum of one type is what every provider takes. */
export function valuesPart(compiling: Compiling, node: JsonObject, place: NodePlace): Part {
  const { profile } = compiling
  const listed = listedValues(node)
  const nullable = listed.includes(null)
  const values = listed.filter(value => value !== null)
  const [scalars, others] = [values.filter(isScalar), values.filter(value => !isScalar(value))]
  const asText = others.length > 0 && !profile.anyEnum
  const groups = [...Map.groupBy(asText ? scalars : values, typeOf)]
  const schemas = [
    ...groups.map(([type, group]) => groupSchema(compiling, node, { ...place, type, values: group })),
    ...(asText
      ? [{ type: 'string', enum: others.map(value => JSON.stringify(value)), description: 'JSON text of one of these values.' }]
      : [])
  ]
  const [only] = schemas
  if (only === undefined) return nullPart(compiling, node, place)
  if (asText) mapped(compiling, `${place.pointer}/enum`, 'objects and lists are sent as JSON text')
  if (others.length > 0 && profile.strict) refuse(compiling, `${place.pointer}/enum`, 'objects and lists as the values of an enum')
  const schema = schemas.length === 1 ? only : { anyOf: schemas }
  return {
    schema: described(compiling, node, { ...place, schema, done: ['const', 'enum', 'type'] }),
    decode: asText ? decodeListed(others) : unchanged,
    nullable
  }
}

/** Each once, without those that the type beside them excludes. */
function listedValues({ type, const: constant, enum: values }: JsonObject): readonly Json[] {
  const types = typesOf(type)
  const all = constant !== undefined ? [constant] : (values as readonly Json[])
  const fitting = all.filter(value => types.length === 0 || types.some(one => (value === null ? one === 'null' : isOfType(one, value))))
  return [...new Map(fitting.map(value => [JSON.stringify(value), value])).values()]
}

const isScalar = (value: Json): boolean => typeof value !== 'object' || value === null

const typeOf = (value: Json): string =>
  Array.isArray(value) ? 'array' : typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value

interface Group extends NodePlace {
  readonly type: string
  readonly values: readonly Json[]
}

function groupSchema(compiling: Compiling, node: JsonObject, { pointer, type, values }: Group): JsonObject {
  const keyword = node.const === undefined ? 'enum' : 'const'
  const written = node.type === 'number' && type === 'integer' ? 'number' : type
  // No list without items, whatever it is.
  const inside = type === 'array' ? { items: {} } : {}
  const listed = keyword === 'const' ? { const: values[0] as Json } : { enum: values }
  if (compiling.profile.anyEnum) return { type: written, ...inside, ...listed }
  // Gemini takes no empty text in an enum.
  if (type === 'string' && !values.includes('')) return { type, enum: values }
  worded(compiling, `${pointer}/${keyword}`, keyword)
  return { type: written, description: inWords(keyword, keyword === 'const' ? (values[0] as Json) : values) }
}
