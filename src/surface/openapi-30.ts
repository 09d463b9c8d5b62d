/** OpenAPI 3.1 → 3.0.3, for importers that know no other. What 3.0 can say in another way stays a rule; the rest goes into words. */
import { own } from '../core/own.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { asObject, isObject, typesOf } from './flatten.ts'
import { sentences } from './node-part.ts'
import { inWords } from './words.ts'

export function toOpenApi30(document: JsonObject): JsonObject {
  const { openapi: _, info, jsonSchemaDialect: __, webhooks: ___, ...rest } = document
  return { openapi: '3.0.3', info: infoOf(asObject(info)), ...(convert(rest) as JsonObject) }
}

function infoOf({ summary, description, license, ...info }: JsonObject): JsonObject {
  const { identifier, ...kept } = asObject(license)
  const url = identifier === undefined ? {} : { url: `https://spdx.org/licenses/${identifier}.html` }
  return {
    ...info,
    description: sentences([String(summary ?? ''), String(description ?? '')]),
    ...(license === undefined ? {} : { license: { ...kept, ...url } })
  }
}

/** Everything that is no schema. */
function convert(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(convert)
  if (!isObject(value)) return value
  const converted = Object.entries(value).map(([name, member]): [string, Json] => {
    if (name === 'schema') return [name, schema30(member)]
    if (name === 'schemas') return [name, Object.fromEntries(Object.entries(asObject(member)).map(([key, one]) => [key, schema30(one)]))]
    return [name, name === 'example' || name === 'examples' || name === 'value' ? member : convert(member)]
  })
  return withoutScopes(Object.fromEntries(converted))
}

/** Only OAuth schemes may list scopes in 3.0. */
function withoutScopes(object: JsonObject): JsonObject {
  if (!Array.isArray(object.security)) return object
  const schemes = (object.security as readonly Json[]).map(asObject)
  const scopes = schemes.flatMap(scheme => Object.values(scheme).flatMap(list => (Array.isArray(list) ? (list as readonly string[]) : [])))
  const security = schemes.map(scheme => Object.fromEntries(Object.keys(scheme).map(name => [name, []])))
  if (scopes.length === 0) return { ...object, security }
  const description = sentences([String(object.description ?? ''), `Needs the scope ${scopes.join(' and ')}.`])
  return { ...object, security, description, 'x-scopes': scopes }
}

const onlyNull: JsonObject = { type: 'string', nullable: true, enum: [null] }

/** A rule of 3.1, as members of a 3.0 schema; `allOf` of several rules is joined. */
type Rewrite = (value: Json, schema: JsonObject) => JsonObject

const asSchema = (value: Json): JsonObject => schema30(value)
const each = (value: Json): readonly JsonObject[] => (value as readonly Json[]).map(asSchema)
const eachMember = (value: Json): JsonObject =>
  Object.fromEntries(Object.entries(asObject(value)).map(([name, one]) => [name, asSchema(one)]))
const rule = (schema: JsonObject): JsonObject => ({ allOf: [schema] })
const dropped: Rewrite = () => ({})

const rewrites: Readonly<Record<string, Rewrite>> = {
  $schema: dropped,
  $comment: dropped,
  $defs: dropped,
  definitions: dropped,
  const: value => (value === null ? onlyNull : { enum: [value] }),
  examples: (value, { example }) => (example === undefined ? { example: (value as readonly Json[])[0] ?? null } : {}),
  minimum: (value, { exclusiveMinimum }) =>
    exclusiveMinimum !== undefined && Number(exclusiveMinimum) >= Number(value) ? {} : { minimum: value },
  maximum: (value, { exclusiveMaximum }) =>
    exclusiveMaximum !== undefined && Number(exclusiveMaximum) <= Number(value) ? {} : { maximum: value },
  exclusiveMinimum: (value, { minimum }) =>
    minimum !== undefined && Number(minimum) > Number(value) ? {} : { minimum: value, exclusiveMinimum: true },
  exclusiveMaximum: (value, { maximum }) =>
    maximum !== undefined && Number(maximum) < Number(value) ? {} : { maximum: value, exclusiveMaximum: true },
  properties: value => ({ properties: eachMember(value) }),
  items: (value, { prefixItems }) => (prefixItems === undefined ? { items: asSchema(value) } : {}),
  prefixItems: (value, { items }) => ({
    items: { anyOf: [...each(value), ...(items === undefined ? [{}] : items === false ? [] : [asSchema(items)])] },
    ...(items === false ? { maxItems: (value as readonly Json[]).length } : {})
  }),
  additionalProperties: (value, { patternProperties }) =>
    typeof value === 'boolean' && (value || patternProperties === undefined)
      ? { additionalProperties: value }
      : othersOf(value, patternProperties),
  allOf: value => ({ allOf: each(value) }),
  anyOf: value => ({ anyOf: each(value) }),
  oneOf: value => ({ oneOf: each(value) }),
  not: value => ({ not: asSchema(value) }),
  if: (value, { then, else: otherwise }) => rule(choice(value, then ?? true, otherwise ?? true)),
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: dropped,
  else: dropped,
  dependentRequired: value => ({
    allOf: Object.entries(asObject(value)).map(([name, needed]) => ({ anyOf: [{ not: { required: [name] } }, { required: needed }] }))
  }),
  dependentSchemas: value => ({
    allOf: Object.entries(asObject(value)).map(([name, then]) => ({ anyOf: [{ not: { required: [name] } }, asSchema(then)] }))
  }),
  contentEncoding: value => (value === 'base64' ? { format: 'byte' } : {})
}

/** Properties that are not listed may fit any of the patterns: 3.0 can not say which name belongs to which. */
const othersOf = (value: Json, patterns: Json | undefined): JsonObject => {
  const schemas = [...Object.values(asObject(patterns)), ...(value === false ? [] : [value])].map(asSchema)
  return { additionalProperties: schemas.length === 1 ? (schemas[0] as JsonObject) : { anyOf: schemas } }
}

const choice = (condition: Json, then: Json, otherwise: Json): JsonObject => ({
  anyOf: [{ allOf: [asSchema(condition), asSchema(then)] }, { allOf: [{ not: asSchema(condition) }, asSchema(otherwise)] }]
})

/** Only said in words: the values that they refuse are refused when the action is called. */
const wordsOnly: ReadonlySet<string> = new Set([
  ...['patternProperties', 'propertyNames', 'contains', 'minContains', 'maxContains', 'unevaluatedProperties', 'unevaluatedItems'],
  ...['contentMediaType', 'contentSchema']
])

export function schema30(written: Json): JsonObject {
  if (typeof written === 'boolean') return written ? {} : { not: {} }
  const { $ref, ...schema } = asObject(written)
  if (typeof $ref === 'string') return Object.keys(schema).length === 0 ? { $ref } : joined([{ allOf: [{ $ref }] }, schema30(schema)])
  const types = typesOf(schema.type)
  if (types.filter(type => type !== 'null').length > 1) return oneOfTypes(schema, types)
  const words = Object.entries(schema).flatMap(([keyword, value]) => (wordsOnly.has(keyword) ? [inWords(keyword, value)] : []))
  const parts = Object.entries(schema)
    .filter(([keyword]) => !wordsOnly.has(keyword) && keyword !== 'type')
    .map(([keyword, value]) => own(rewrites, keyword)?.(value, schema) ?? { [keyword]: value })
  const description = words.length === 0 ? {} : { description: sentences([String(schema.description ?? ''), ...words]) }
  return joined([typeOf30(schema, types), ...parts, description])
}

function typeOf30(schema: JsonObject, types: readonly string[]): JsonObject {
  const [type] = types.filter(one => one !== 'null')
  if (type === undefined) return types.includes('null') ? onlyNull : {}
  const items = type === 'array' && schema.items === undefined && schema.prefixItems === undefined ? { items: {} } : {}
  return { type, ...items, ...(types.includes('null') ? { nullable: true } : {}) }
}

/** 3.0 takes one type: a schema for each, with null in the last. */
function oneOfTypes({ description, title, ...schema }: JsonObject, types: readonly string[]): JsonObject {
  const branches = types.map(type => schema30({ ...schema, type }))
  return {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    anyOf: branches
  }
}

function joined(parts: readonly JsonObject[]): JsonObject {
  const allOf = parts.flatMap(part => (part.allOf ?? []) as readonly Json[])
  return { ...Object.assign({}, ...parts), ...(allOf.length === 0 ? {} : { allOf }) }
}
