/** An object → what a provider takes as one: portable names, null for what is left out, pairs for what is not listed. */
import type { Json, JsonObject } from '../core/types.ts'
import { argumentNames, free } from './argument-names.ts'
import { type Compiling, escapeName, type Part } from './compile-schema.ts'
import { type Decode, decodeBox, decodeObject, decodePairs, decodeText, type Member, unchanged } from './decode.ts'
import { isObject } from './flatten.ts'
import { described, mapped, type NodePlace } from './node-part.ts'
import { withNull } from './null.ts'
import { partOf } from './reference-part.ts'

type Made = Omit<Part, 'nullable'>

/** What else an object may hold: nothing, anything, or values of one schema. */
type Rest = 'nothing' | 'anything' | JsonObject

function restOf({ additionalProperties, patternProperties, unevaluatedProperties }: JsonObject): Rest {
  const others = additionalProperties ?? unevaluatedProperties
  const patterns = isObject(patternProperties) ? Object.values(patternProperties) : []
  if (isObject(others) && patterns.length === 0) return Object.keys(others).length === 0 ? 'anything' : others
  if (others !== false) return 'anything'
  if (patterns.length === 0) return 'nothing'
  return patterns.length === 1 && isObject(patterns[0]) ? patterns[0] : 'anything'
}

export function objectPart(compiling: Compiling, node: JsonObject, place: NodePlace): Made {
  const { closed, emptyObjects } = compiling.profile
  const rest = restOf(node)
  const listed = listedProperties(node)
  if (listed.length === 0 && place.isRoot !== true) {
    if (closed && isObject(rest)) return pairsPart(compiling, node, { ...place, rest })
    if ((closed && rest === 'anything') || (rest === 'nothing' && !emptyObjects)) return freePart(compiling, node, place)
  }
  return listedPart(compiling, node, { ...place, rest, listed })
}

/** Also what is required and not described; without what can have no value. */
function listedProperties({ properties, required }: JsonObject): readonly (readonly [string, Json])[] {
  const known = Object.entries((properties ?? {}) as JsonObject)
  const unknown = ((required ?? []) as readonly string[]).filter(name => !known.some(([own]) => own === name))
  return [...known.filter(([, schema]) => !isNothing(schema)), ...unknown.map(name => [name, true] as const)]
}

/** `false`, `not: {}` */
function isNothing(schema: Json): boolean {
  if (schema === false) return true
  const { not } = isObject(schema) ? schema : {}
  return not === true || (isObject(not) && Object.keys(not).length === 0)
}

interface Listed extends NodePlace {
  readonly rest: Rest
  readonly listed: readonly (readonly [string, Json])[]
}

function listedPart(compiling: Compiling, node: JsonObject, { rest, listed, ...place }: Listed): Made {
  const { profile } = compiling
  const names = argumentNames(listed.map(([name]) => name))
  const required = new Set((node.required ?? []) as readonly string[])
  const made = listed.map(([name, schema]) =>
    member(compiling, { name, schema, sent: names.get(name) as string, isRequired: required.has(name), place })
  )
  const others = isObject(rest) ? restPart(compiling, { rest, place, taken: new Set(names.values()) }) : undefined
  const closing = closingOf(compiling, { rest, others: others?.value, place })
  const properties = { ...Object.fromEntries(made.map(({ sent, schema }) => [sent, schema])), ...others?.properties }
  const needed = [...made.filter(({ isNeeded }) => isNeeded).map(({ sent }) => sent), ...(others?.needed ?? [])]
  const schema = {
    type: 'object',
    properties,
    ...(needed.length > 0 || profile.optional === 'null' ? { required: needed } : {}),
    ...closing
  }
  const isPlain = made.every(one => one.member.decode === unchanged && !one.member.nullIsAbsent && one.sent === one.member.name)
  const form = {
    members: new Map(made.map(one => [one.sent, one.member])),
    rest: others?.value.decode ?? unchanged,
    restName: others?.name
  }
  return {
    schema: described(compiling, node, { ...place, schema, done: ['additionalProperties', 'unevaluatedProperties'] }),
    decode: isPlain && others === undefined ? unchanged : decodeObject(form)
  }
}

interface Making {
  readonly name: string
  readonly schema: Json
  readonly sent: string
  readonly isRequired: boolean
  readonly place: NodePlace
}

interface MadeMember {
  readonly sent: string
  readonly schema: JsonObject
  readonly isNeeded: boolean
  readonly member: Member
}

function member(compiling: Compiling, { name, schema: written, sent, isRequired, place }: Making): MadeMember {
  const { profile } = compiling
  const pointer = `${place.pointer}/properties/${escapeName(name)}`
  if (sent !== name) mapped(compiling, pointer, `called ${sent}`)
  const part = partOf(compiling, written, { pointer, stack: place.stack })
  const isBoxed = !isRequired && profile.optional === 'null' && part.nullable
  const isNeeded = isRequired || profile.optional === 'null'
  if (isBoxed) mapped(compiling, `${pointer}/type`, 'null and left out are told apart by { value }')
  const schema = isBoxed
    ? boxed(compiling, part)
    : part.nullable || (isNeeded && !isRequired)
      ? withNull(part.schema, profile)
      : part.schema
  return {
    sent,
    schema,
    isNeeded,
    member: {
      name,
      decode: isBoxed ? decodeBox(part.decode) : part.decode,
      nullIsAbsent: isBoxed || (!isRequired && !part.nullable)
    }
  }
}

/** null: left out; { value: null }: null. */
const boxed = ({ profile }: Compiling, { schema: { description, ...schema }, ...part }: Part): JsonObject => ({
  anyOf: [
    {
      type: 'object',
      properties: { value: part.nullable ? withNull(schema, profile) : schema },
      required: ['value'],
      ...(profile.writesClosed ? { additionalProperties: false } : {})
    },
    { type: 'null' }
  ],
  description: `${description === undefined ? '' : `${description} `}null when left out, else { "value": … }.`
})

interface Others {
  readonly rest: Rest
  readonly others: Part | undefined
  readonly place: NodePlace
}

function closingOf(compiling: Compiling, { rest, others, place }: Others): JsonObject {
  const { closed, writesClosed } = compiling.profile
  if (closed) {
    if (rest === 'anything' && place.isRoot !== true) {
      const pointer = `${place.pointer}/additionalProperties`
      compiling.notes.push({ pointer, keyword: 'additionalProperties', kind: 'narrowed', did: 'only the listed properties can be sent' })
    }
    return writesClosed ? { additionalProperties: false } : {}
  }
  if (rest === 'nothing') return { additionalProperties: false }
  return others === undefined ? {} : { additionalProperties: nullableSchema(compiling, others) }
}

const nullableSchema = ({ profile }: Compiling, { schema, nullable }: Part): JsonObject => (nullable ? withNull(schema, profile) : schema)

interface RestMade {
  readonly value: Part
  readonly name?: string
  readonly properties: JsonObject
  readonly needed: readonly string[]
}

/** Properties that are not listed, beside those that are: an argument of their own where objects are closed. */
function restPart(compiling: Compiling, { rest, place, taken }: { rest: JsonObject; place: NodePlace; taken: Set<string> }): RestMade {
  const { closed, optional } = compiling.profile
  const pointer = `${place.pointer}/additionalProperties`
  const value = partOf(compiling, rest, { pointer, stack: place.stack })
  if (!closed) return { value, properties: {}, needed: [] }
  const name = free('other_properties', taken)
  mapped(compiling, pointer, `sent as pairs in ${name}`)
  const list = pairsSchema(compiling, value)
  const schema = optional === 'null' ? withNull(list, compiling.profile) : list
  return { value, name, properties: { [name]: schema }, needed: optional === 'null' ? [name] : [] }
}

const pairsSchema = (compiling: Compiling, value: Part): JsonObject => ({
  type: 'array',
  description: 'A list of names and values.',
  items: {
    type: 'object',
    properties: { name: { type: 'string' }, value: nullableSchema(compiling, value) },
    required: ['name', 'value'],
    ...(compiling.profile.writesClosed ? { additionalProperties: false } : {})
  }
})

function pairsPart(compiling: Compiling, node: JsonObject, { rest, ...place }: NodePlace & { rest: JsonObject }): Made {
  const pointer = `${place.pointer}/additionalProperties`
  const value = partOf(compiling, rest, { pointer, stack: place.stack })
  mapped(compiling, pointer, 'sent as a list of names and values')
  const schema = pairsSchema(compiling, value)
  return {
    schema: described(compiling, node, { ...place, schema, done: ['additionalProperties', 'unevaluatedProperties'] }),
    decode: decodePairs(value.decode),
    kind: 'pairs'
  }
}

function freePart(compiling: Compiling, node: JsonObject, place: NodePlace): Made {
  mapped(compiling, `${place.pointer}/additionalProperties`, 'sent as JSON text')
  const schema = { type: 'string', description: 'A JSON object, written as text.' }
  const decode: Decode = decodeText
  return {
    schema: described(compiling, node, { ...place, schema, done: ['additionalProperties', 'unevaluatedProperties'] }),
    decode,
    kind: 'text'
  }
}
