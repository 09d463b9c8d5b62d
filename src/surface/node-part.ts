/** One schema → one part of what the model sees. */
import { own } from '../core/own.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { type Compiling, count, escapeName, type Part, type Place, referencePart } from './compile-schema.ts'
import { decodeText, decodeUnion, unchanged } from './decode.ts'
import { asObject, flatten, isObject, pureReference, resolve, typesOf } from './flatten.ts'
import { listPart } from './list-part.ts'
import { admitsNull } from './null.ts'
import { objectPart } from './object-part.ts'
import { choiceInWords, inWords, silent } from './words.ts'

export interface NodePlace extends Place {
  readonly isRoot?: boolean
  /** Rules that could not be merged into the node. */
  readonly more?: readonly JsonObject[]
}

export function partOf(compiling: Compiling, written: Json, place: Place): Part {
  count(compiling)
  const schema = asObject(written)
  const reference = typeof schema.$ref === 'string' ? schema.$ref : undefined
  if (reference === undefined) return innerPart(compiling, schema, place)
  if (compiling.depth >= compiling.deepest && isLarge(compiling, reference)) return cutPart(compiling, schema, { ...place, reference })
  compiling.depth += 1
  const part = innerPart(compiling, schema, place)
  compiling.depth -= 1
  return part
}

/** What holds no others costs less than saying that it was cut. */
const isLarge = ({ root }: Compiling, reference: string): boolean => {
  const { properties, items, anyOf, oneOf, allOf } = resolve(root, reference)
  return [properties, items, anyOf, oneOf, allOf].some(each => each !== undefined)
}

function innerPart(compiling: Compiling, schema: JsonObject, place: Place): Part {
  const { root, profile } = compiling
  const reference = pureReference(schema)
  if (reference !== undefined) {
    const inside = place.stack.includes(reference) || isUnderWay(compiling, reference)
    if (inside && profile.recursion !== 'ref') return recursionPart(compiling, schema, { ...place, reference })
    if (profile.refs === 'local') return referencePart(compiling, reference, describedAs(schema))
  }
  const { node, rest, stack } = flatten(schema, root, place.stack)
  const blocked = rest.find(({ $ref }) => typeof $ref === 'string')
  if (blocked !== undefined && Object.keys(node).every(keyword => silent.has(keyword)))
    return recursionPart(compiling, schema, { ...place, reference: blocked.$ref as string })
  return nodePart(compiling, node, { ...place, stack: profile.refs === 'none' ? stack : place.stack, more: rest })
}

const isUnderWay = ({ definitions }: Compiling, reference: string): boolean =>
  definitions.has(reference) && definitions.get(reference)?.part === undefined

const describedAs = ({ description, title }: JsonObject): string => String(description ?? title ?? '').trim()

function recursionPart(compiling: Compiling, schema: JsonObject, { pointer, reference }: Place & { reference: string }): Part {
  const { profile, root } = compiling
  if (profile.recursion === 'refuse') refuse(compiling, `${pointer}/$ref`, 'a schema that leads back to itself')
  else
    compiling.notes.push({
      pointer: `${pointer}/$ref`,
      keyword: '$ref',
      kind: 'mapped',
      did: 'a value as deep as this is sent as JSON text'
    })
  const text = `JSON text of a value of the same form as the ${reference.split('/').at(-1)} that it is in.`
  const description = sentences([describedAs(schema), text])
  return { schema: { type: 'string', description }, decode: decodeText, nullable: admitsNull(resolve(root, reference), root) }
}

function cutPart(compiling: Compiling, schema: JsonObject, { pointer, reference }: Place & { reference: string }): Part {
  const { root, notes } = compiling
  const name = reference.split('/').at(-1) ?? ''
  const did = `too large to be written out whole: ${name} is sent as JSON text; /openapi.json has its schema`
  notes.push({ pointer: `${pointer}/$ref`, keyword: '$ref', kind: 'mapped', did })
  const text = `JSON text of a value of the kind ${name}; its fields are checked when it is called.`
  const description = sentences([describedAs(schema), text])
  return { schema: { type: 'string', description }, decode: decodeText, nullable: admitsNull(resolve(root, reference), root) }
}

/** Nothing that strict mode admits says the same: the whole tool is sent without it. */
export function refuse({ notes }: Compiling, pointer: string, what: string): void {
  notes.push({ pointer, keyword: pointer.split('/').at(-1) ?? '', kind: 'not_strict', did: `strict mode does not take ${what}` })
}

/** Of a schema without `$ref` and `allOf`. */
export function nodePart(compiling: Compiling, node: JsonObject, place: NodePlace): Part {
  const union = unionOf(node)
  if (union !== undefined) return unionPart(compiling, node, { ...place, keyword: union })
  if (node.const !== undefined || Array.isArray(node.enum)) return valuesPart(compiling, node, place)
  const types = typesOf(node.type ?? impliedType(node))
  const nullable = types.length === 0 || types.includes('null')
  const [type, ...others] = types.filter(one => one !== 'null')
  if (others.length > 0) return typesPart(compiling, node, { ...place, types: types.filter(one => one !== 'null') })
  if (type === 'object') return { ...objectPart(compiling, node, place), nullable }
  if (type === 'array') return { ...listPart(compiling, node, place), nullable }
  if (type === undefined) return types.includes('null') ? nullPart(compiling, node, place) : anythingPart(compiling, node, place)
  return { schema: described(compiling, node, { ...place, schema: { type }, done: [] }), decode: unchanged, nullable }
}

const impliedType = ({ properties, items, prefixItems, additionalProperties }: JsonObject): Json | undefined =>
  properties !== undefined || isObject(additionalProperties)
    ? 'object'
    : items !== undefined || prefixItems !== undefined
      ? 'array'
      : undefined

/** A union that holds more than rules on which properties go together. */
const unionOf = (node: JsonObject): 'oneOf' | 'anyOf' | undefined =>
  (['oneOf', 'anyOf'] as const).find(keyword => Array.isArray(node[keyword]) && !isChoice(node[keyword] as readonly Json[]))

const isChoice = (branches: readonly Json[]): boolean =>
  branches.every(branch => isObject(branch) && Object.keys(branch).every(keyword => keyword === 'required' || silent.has(keyword)))

function unionPart(compiling: Compiling, node: JsonObject, { keyword, ...place }: NodePlace & { keyword: 'oneOf' | 'anyOf' }): Part {
  const { [keyword]: branches, description, title, default: initial, ...base } = node
  const isBare = (branch: JsonObject): boolean =>
    Object.keys(base).every(key => key === 'type') && (base.type === undefined || branch.type !== undefined || branch.$ref !== undefined)
  const written = (branches as readonly Json[]).map(asObject)
  const parts = written.map((branch, i) => {
    const at = { pointer: `${place.pointer}/${keyword}/${i}`, stack: place.stack }
    return { written: branch, part: partOf(compiling, isBare(branch) ? branch : { allOf: [branch, base] }, at) }
  })
  const real = parts.filter(({ part }) => part.schema.type !== 'null')
  const nullable = parts.some(({ part }) => part.nullable)
  if (keyword === 'oneOf') mapped(compiling, `${place.pointer}/oneOf`, 'sent as anyOf')
  const words = { description: description ?? title, ...(initial === undefined ? {} : { default: initial }) } as JsonObject
  const only = real[0]
  if (only === undefined) return nullPart(compiling, node, place)
  const schema = real.length === 1 && words.description === undefined ? only.part.schema : { anyOf: real.map(({ part }) => part.schema) }
  const decode = decodeUnion(
    real.map(({ part, written: branch }) => ({ decode: part.decode, accepts: value => compiling.fits(branch, value) }))
  )
  return { schema: described(compiling, words, { ...place, schema, done: [] }), decode, nullable }
}

function typesPart(compiling: Compiling, node: JsonObject, { types, ...place }: NodePlace & { types: readonly string[] }): Part {
  const { description, title, default: initial, ...rules } = node
  const parts = types.map(type => ({ type, part: nodePart(compiling, { ...rules, type }, { ...place, isRoot: false }) }))
  const branches = parts.map(({ type, part }) => ({ decode: part.decode, accepts: (value: Json) => isOfType(type, value) }))
  const words = { description: description ?? title, ...(initial === undefined ? {} : { default: initial }) } as JsonObject
  const schema = { anyOf: parts.map(({ part }) => part.schema) }
  const nullable = typesOf(node.type).includes('null')
  return { schema: described(compiling, words, { ...place, schema, done: [] }), decode: decodeUnion(branches), nullable }
}

const isOfType = (type: string, value: Json): boolean =>
  type === 'array'
    ? Array.isArray(value)
    : type === 'object'
      ? isObject(value)
      : type === 'integer'
        ? Number.isInteger(value)
        : typeof value === type

/** What is listed, grouped by type: an enum of one type is what every provider takes. */
function valuesPart(compiling: Compiling, node: JsonObject, place: NodePlace): Part {
  const { profile } = compiling
  const types = typesOf(node.type)
  const listed = (node.const !== undefined ? [node.const] : (node.enum as readonly Json[])).filter(
    value => types.length === 0 || types.some(type => (value === null ? type === 'null' : isOfType(type, value)))
  )
  const nullable = listed.includes(null)
  const groups = [
    ...Map.groupBy(
      listed.filter(value => value !== null),
      typeOf
    )
  ]
  const schemas = groups.map(([type, values]) => groupSchema(compiling, node, { ...place, type, values }))
  const [only] = schemas
  if (only === undefined) return nullPart(compiling, node, place)
  const schema = schemas.length === 1 ? only : { anyOf: schemas }
  const scalar = groups.every(([type]) => type !== 'object' && type !== 'array')
  if (!scalar && profile.strict) refuse(compiling, `${place.pointer}/enum`, 'objects and lists as the values of an enum')
  return { schema: described(compiling, node, { ...place, schema, done: ['const', 'enum', 'type'] }), decode: unchanged, nullable }
}

const typeOf = (value: Json): string =>
  Array.isArray(value) ? 'array' : typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value

function groupSchema(
  compiling: Compiling,
  node: JsonObject,
  { pointer, type, values }: Place & { type: string; values: readonly Json[] }
): JsonObject {
  const keyword = node.const === undefined ? 'enum' : 'const'
  const written = node.type === 'number' && type === 'integer' ? 'number' : type
  if (compiling.profile.anyEnum) return keyword === 'const' ? { type: written, const: values[0] as Json } : { type: written, enum: values }
  if (type === 'string') return { type, enum: values }
  worded(compiling, `${pointer}/${keyword}`, keyword)
  return { type: written, description: inWords(keyword, keyword === 'const' ? (values[0] as Json) : values) }
}

const nullPart = (compiling: Compiling, node: JsonObject, place: NodePlace): Part => ({
  schema: described(compiling, { description: node.description } as JsonObject, { ...place, schema: { type: 'null' }, done: [] }),
  decode: unchanged,
  nullable: true
})

function anythingPart(compiling: Compiling, node: JsonObject, place: NodePlace): Part {
  const { anything } = compiling.profile
  const at = { ...place, done: [] as readonly string[] }
  if (anything === 'sent') return { schema: described(compiling, node, { ...at, schema: {} }), decode: unchanged, nullable: true }
  if (anything === 'refuse') refuse(compiling, `${place.pointer}/type`, 'a value without a type')
  else mapped(compiling, `${place.pointer}/type`, 'sent as JSON text')
  const { description, ...rules } = node
  const words = sentences([String(description ?? ''), 'A value as JSON text.'])
  return {
    schema: described(compiling, { ...rules, description: words }, { ...at, schema: { type: 'string' } }),
    decode: decodeText,
    nullable: true
  }
}

export function mapped({ notes }: Compiling, pointer: string, did: string): void {
  notes.push({ pointer, keyword: pointer.split('/').at(-1) ?? '', kind: 'mapped', did })
}

function worded({ notes }: Compiling, pointer: string, keyword: string): void {
  notes.push({ pointer, keyword, kind: 'worded', did: 'said in the description, checked when called' })
}

export const sentences = (parts: readonly string[]): string =>
  parts
    .map(part => part.trim())
    .filter(part => part !== '')
    .map((part, i, all) => (i < all.length - 1 && !/[.!?:;…]$/.test(part) ? `${part}.` : part))
    .join(' ')

interface Describing extends NodePlace {
  readonly schema: JsonObject
  /** Keywords that the schema already carries in some way. */
  readonly done: readonly string[]
}

/** The keywords that the provider takes, and words for the others. */
export function described(compiling: Compiling, node: JsonObject, { schema, done, pointer, more = [], isRoot }: Describing): JsonObject {
  const words: string[] = []
  const kept: Record<string, Json> = {}
  const say = (keyword: string, text: string): void => {
    worded(compiling, `${pointer}/${escapeName(keyword)}`, keyword)
    words.push(text)
  }
  for (const [keyword, value] of Object.entries(node)) {
    if (silent.has(keyword) || carried.has(keyword) || done.includes(keyword) || value === undefined) continue
    if (!isRelevant(keyword, schema.type)) continue
    if (isSent(compiling, keyword, value)) kept[keyword] = value
    else if ((keyword === 'oneOf' || keyword === 'anyOf') && isChoice(value as readonly Json[]))
      say(
        keyword,
        choiceInWords(
          keyword,
          (value as readonly JsonObject[]).map(({ required }) => (required ?? []) as readonly string[])
        )
      )
    else say(keyword, inWords(keyword, value))
  }
  for (const rule of more) say('allOf', inWords('allOf', [rule]))
  const own = schema.description === undefined ? [] : [String(schema.description)]
  const text = sentences([...(isRoot ? [] : [describedAs(node)]), ...own, ...words])
  return { ...schema, ...kept, ...(text === '' ? {} : { description: text }) }
}

const carried: ReadonlySet<string> = new Set(['type', 'properties', 'required', 'items'])

function isSent({ profile }: Compiling, keyword: string, value: Json): boolean {
  if (!profile.keywords.has(keyword)) return false
  if (keyword === 'format') return profile.formats?.has(String(value)) ?? true
  if (keyword === 'default' && typeof value === 'object') return false
  return profile.admits?.(keyword, value) ?? true
}

const numeric = ['number', 'integer']
const relevantTo: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['minLength', 'maxLength', 'pattern', 'format', 'contentMediaType', 'contentEncoding'].map(key => [key, ['string']])
  ),
  ...Object.fromEntries(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].map(key => [key, numeric])),
  ...Object.fromEntries(['minItems', 'maxItems', 'uniqueItems', 'contains', 'prefixItems'].map(key => [key, ['array']])),
  ...Object.fromEntries(['minProperties', 'maxProperties', 'propertyNames', 'patternProperties'].map(key => [key, ['object']])),
  ...Object.fromEntries(['additionalProperties', 'dependentRequired', 'dependentSchemas'].map(key => [key, ['object']]))
}

/** A rule for lists says nothing about text; a pair list or JSON text has its own rules. */
const isRelevant = (keyword: string, type: Json | undefined): boolean =>
  type === undefined || (own(relevantTo, keyword)?.includes(String(type)) ?? true)
