/** The shape of manifests as JSON Schema 2020-12, for editors; and as a table, for people. */
import { z } from 'zod'
import type { Adapter } from '../core/adapter.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { isObject } from './schema-walk.ts'
import { botShape, openShape } from './shape.ts'

const dialect = 'https://json-schema.org/draft/2020-12/schema'

/** One schema for all adapters: `adapter` chooses. */
export function manifestJsonSchema(adapters: Readonly<Record<string, Adapter>>): JsonObject {
  const kinds = Object.keys(adapters).sort()
  const described = kinds.map(kind => [kind, forAdapter(kind, (adapters[kind] as Adapter).shape)] as const)
  const choices = kinds.map(kind => ({
    if: { required: ['adapter'], properties: { adapter: { const: kind } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { $ref: `#/$defs/${kind}` }
  }))
  return withOwnKeywords({
    $schema: dialect,
    title: 'Retrofit bot manifest',
    type: 'object',
    required: ['adapter'],
    properties: { adapter: { description: 'The kind of target.', enum: kinds } },
    allOf: choices,
    $defs: Object.fromEntries(described)
  })
}

/**
 * Where a JSON Schema stands, the keywords that Retrofit adds may stand in it, at any depth: with the meta-schema's own dynamic
 * anchor, its `$dynamicRef`s lead here.
 */
const withOwnKeywords = (document: JsonObject): JsonObject => {
  const led = retargeted(document) as JsonObject
  return {
    ...led,
    $defs: {
      ...(led.$defs as JsonObject),
      jsonSchema: { $dynamicAnchor: 'meta', $ref: dialect, properties: ownKeywords }
    }
  }
}

const ownKeywords: JsonObject = {
  'x-sensitive': {
    enum: ['pii', 'secret'],
    description: 'Masks the value wherever it would be kept or shown; secret also in the text for models.'
  },
  'x-session': {
    type: 'string',
    pattern: '^[A-Za-z][A-Za-z0-9_]*$',
    description: 'A variable of the session that fills a missing input, and that remembers an output.'
  },
  'x-untrusted': {
    type: 'boolean',
    description: 'The text was written by somebody else, as a narrative on a screen: models get it as data, never as instructions.'
  }
}

function retargeted(value: Json): Json {
  if (Array.isArray(value)) return value.map(retargeted)
  if (!isObject(value)) return value
  const led = (key: string, member: Json): Json => (key === '$ref' && member === dialect ? '#/$defs/jsonSchema' : retargeted(member))
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, led(key, member)]))
}

function forAdapter(kind: string, shape: Adapter['shape']): JsonObject {
  const { $schema: _, ...schema } = plain(botShape(shape))
  const properties = schema.properties as JsonObject
  return moveRefs(
    { ...schema, properties: { ...properties, adapter: { ...(properties.adapter as JsonObject), const: kind } } },
    `#/$defs/${kind}`
  ) as JsonObject
}

/** As it is written: what has a default may be left out. */
const plain = (shape: z.ZodType): JsonObject =>
  z.toJSONSchema(shape, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any', override: tidy }) as JsonObject

/** A `$ref` to the meta-schema says it all; objects that were merged open say so by silence. */
function tidy({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema.$ref === dialect) for (const key of ['type', 'propertyNames', 'additionalProperties']) delete jsonSchema[key]
  // Safe integers are every editor's business already.
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
}

/** Local references were written for a schema of its own. */
function moveRefs(value: Json, root: string): Json {
  if (Array.isArray(value)) return value.map(item => moveRefs(item, root))
  if (!isObject(value)) return value
  const move = (key: string, member: Json): Json =>
    key === '$ref' && typeof member === 'string' && member.startsWith('#') ? root + member.slice(1) : moveRefs(member, root)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, move(key, member)]))
}

/** Every key that every manifest has: `| key | type | default | meaning |`. */
export function keyTable(): string {
  const rows = keysOf(plain(botShape(openShape)), '')
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function keysOf(schema: JsonObject, prefix: string): readonly string[] {
  const required: readonly Json[] = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(isObject(schema.properties) ? schema.properties : {}).flatMap(([name, member]) => {
    if (!isObject(member)) return []
    const key = `${prefix}${name}`
    const fallback = required.includes(name)
      ? '**required**'
      : member.default === undefined || isObject(member.default)
        ? ''
        : `\`${written(member.default)}\``
    const row = `| \`${key}\` | ${typeOf(member)} | ${fallback} | ${String(member.description ?? '')} |`
    const below =
      isObject(member.additionalProperties) && isObject(member.additionalProperties.properties)
        ? keysOf(member.additionalProperties, `${key}.<name>.`)
        : []
    return [row, ...keysOf(member, `${key}.`), ...below]
  })
}

const written = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

function typeOf(member: JsonObject): string {
  if (member.$ref === dialect) return 'JSON Schema'
  if (Array.isArray(member.enum)) return member.enum.map(value => `\`${String(value)}\``).join(', ')
  if (member.type === 'array') return 'list of text'
  if (member.type === 'object') return 'mapping'
  if (String(member.pattern).includes('ms|s|m|h|d')) return 'duration'
  if (member.type === 'integer') return range(member)
  return { string: 'text', boolean: '`true`, `false`' }[String(member.type)] ?? String(member.type)
}

const range = ({ minimum, maximum }: JsonObject): string => (minimum === undefined ? 'whole number' : `${minimum} to ${maximum ?? '…'}`)
