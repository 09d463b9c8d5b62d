/** One schema → one part of what the model sees. */
import { own } from '../core/own.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { type Compiling, escapeName, type Part, type Place } from './compile-schema.ts'
import { type Decode, decodeText, unchanged } from './decode.ts'
import { isObject, typesOf } from './flatten.ts'
import { listPart } from './list-part.ts'
import { objectPart } from './object-part.ts'
import { typesPart, unionPart } from './union-part.ts'
import { valuesPart } from './values-part.ts'
import { choiceInWords, inWords, silent } from './words.ts'

export interface NodePlace extends Place {
  readonly isRoot?: boolean
  /** Rules that could not be merged into the node. */
  readonly more?: readonly JsonObject[]
}

export const describedAs = ({ description, title }: JsonObject): string => String(description ?? title ?? '').trim()

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

/** A provider without a type for it gets a text that nobody has to fill in. */
export function nullPart(compiling: Compiling, node: JsonObject, place: NodePlace): Part {
  const isKeyword = compiling.profile.nullable === 'keyword'
  const schema = isKeyword ? { type: 'string', description: 'Always null.' } : { type: 'null' }
  const decode: Decode = value => (value === '' || value === 'null' ? null : value)
  return {
    schema: described(compiling, { description: describedAs(node) }, { ...place, schema, done: [] }),
    decode: isKeyword ? decode : unchanged,
    nullable: true,
    kind: 'null'
  }
}

function anythingPart(compiling: Compiling, node: JsonObject, place: NodePlace): Part {
  const { anything } = compiling.profile
  const at = { ...place, done: [] as readonly string[] }
  if (anything === 'sent') return { schema: described(compiling, node, { ...at, schema: {} }), decode: unchanged, nullable: true }
  if (anything === 'refuse') refuse(compiling, `${place.pointer}/type`, 'a value without a type')
  else mapped(compiling, `${place.pointer}/type`, 'sent as JSON text')
  const words = sentences([describedAs(node), 'A value as JSON text.'])
  return {
    schema: described(compiling, { ...node, description: words }, { ...at, schema: { type: 'string' } }),
    decode: decodeText,
    nullable: true,
    kind: 'text'
  }
}

export function mapped({ notes }: Compiling, pointer: string, did: string): void {
  notes.push({ pointer, keyword: pointer.split('/').at(-1) ?? '', kind: 'mapped', did })
}

export function worded({ notes }: Compiling, pointer: string, keyword: string): void {
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
