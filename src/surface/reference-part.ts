/** A schema that leads to another one: a definition of its own, or the same written out. */
import type { Json, JsonObject } from '../core/types.ts'
import { free, portableName } from './argument-names.ts'
import { type Compiling, count, type Definition, type Part, type Place } from './compile-schema.ts'
import { decodeText, unchanged } from './decode.ts'
import { asObject, flatten, isObject, pureReference, resolve } from './flatten.ts'
import { describedAs, nodePart, refuse, sentences } from './node-part.ts'
import { admitsNull } from './null.ts'
import { inWords, silent } from './words.ts'

export function partOf(compiling: Compiling, written: Json, place: Place): Part {
  compiling.level += 1
  count(compiling)
  const part = insidePart(compiling, asObject(written), place)
  compiling.level -= 1
  return part
}

function insidePart(compiling: Compiling, schema: JsonObject, place: Place): Part {
  const reference = leadsTo(schema)
  if (reference === undefined) return innerPart(compiling, schema, place)
  if (compiling.depth >= compiling.deepest && isLarge(compiling, reference)) return cutPart(compiling, schema, { ...place, reference })
  compiling.depth += 1
  const part = innerPart(compiling, schema, place)
  compiling.depth -= 1
  return part
}

/** The first reference of a schema, also where it stands in `allOf`. */
function leadsTo({ $ref, allOf }: JsonObject): string | undefined {
  if (typeof $ref === 'string') return $ref
  const parts = Array.isArray(allOf) ? (allOf as readonly Json[]) : []
  for (const part of parts) {
    const reference = isObject(part) ? leadsTo(part) : undefined
    if (reference !== undefined) return reference
  }
  return undefined
}

/** What holds no others costs less than saying that it was cut. */
const isLarge = ({ root }: Compiling, reference: string): boolean => {
  const { properties, items, anyOf, oneOf, allOf, additionalProperties } = resolve(root, reference)
  return [properties, items, anyOf, oneOf, allOf].some(each => each !== undefined) || isObject(additionalProperties)
}

function innerPart(compiling: Compiling, schema: JsonObject, place: Place): Part {
  const { root, profile } = compiling
  const reference = pureReference(schema)
  if (reference !== undefined) {
    const inside = place.stack.includes(reference) || isUnderWay(compiling, reference)
    if (inside && profile.recursion !== 'ref') return recursionPart(compiling, schema, { ...place, reference })
    if (profile.refs === 'local') return referencePart(compiling, reference, describedAs(schema))
  }
  if (profile.refs === 'local')
    return leadsTo(schema) === undefined ? writtenOut(compiling, schema, place) : mergedPart(compiling, schema, place)
  const { node, rest, stack } = flatten(schema, root, place.stack)
  const blocked = rest.find(({ $ref }) => typeof $ref === 'string')
  if (blocked !== undefined) return recursionPart(compiling, schema, { ...place, reference: blocked.$ref as string, rules: node })
  return nodePart(compiling, node, { ...place, stack, more: rest })
}

function writtenOut(compiling: Compiling, schema: JsonObject, place: Place): Part {
  const { node, rest } = flatten(schema, compiling.root, place.stack)
  return nodePart(compiling, node, { ...place, more: rest })
}

const isUnderWay = ({ definitions }: Compiling, reference: string): boolean =>
  definitions.has(reference) && definitions.get(reference)?.part === undefined

/**
 * A reference and rules beside it, as one schema in its place. Where that leads back to the very same words it becomes a definition:
 * written out it would never end.
 */
function mergedPart(compiling: Compiling, schema: JsonObject, place: Place): Part {
  const { definitions, merged, profile } = compiling
  const { description: _, title: __, ...rules } = schema
  const key = JSON.stringify(rules)
  const before = merged.get(key)
  if (before !== undefined) {
    count(compiling, before.size)
    return { ...before.part, schema: redescribed(before.part.schema, before.said, describedAs(schema)) }
  }
  const known = definitions.get(key)
  const description = describedAs(schema)
  if (known !== undefined) {
    if (profile.recursion !== 'ref') return recursionPart(compiling, schema, { ...place, reference: leadsTo(schema) as string })
    if (known.name === '') known.name = definitionName(compiling, leadsTo(schema) as string)
    return referred(compiling, known, { schema, description })
  }
  const [definition, sizeBefore]: [Definition, number] = [{ name: '' }, compiling.size]
  definitions.set(key, definition)
  const part = writtenOut(compiling, schema, place)
  if (definition.name === '') {
    definitions.delete(key)
    merged.set(key, { part, said: description, size: compiling.size - sizeBefore })
    return part
  }
  definition.part = part
  return referred(compiling, definition, { schema, description })
}

/** The same part, at a place that its author describes in other words. */
function redescribed({ description, ...schema }: JsonObject, before: string, now: string): JsonObject {
  const text = typeof description === 'string' ? description : ''
  const words = sentences([now, before !== '' && text.startsWith(before) ? text.slice(before.length).replace(/^[.\s]+/, '') : text])
  return words === '' ? schema : { ...schema, description: words }
}

const definitionName = ({ names }: Compiling, reference: string): string =>
  free(reference === '#' ? 'Input' : portableName(reference.split('/').at(-1) ?? ''), names)

/** The part of a reference: a definition of its own, made once. */
function referencePart(compiling: Compiling, reference: string, description: string): Part {
  const { definitions, root } = compiling
  const known = definitions.get(reference)
  const target = resolve(root, reference)
  const definition: Definition = known ?? { name: definitionName(compiling, reference) }
  if (known === undefined) {
    definitions.set(reference, definition)
    const { node, rest } = flatten(target, root, [])
    definition.part = nodePart(compiling, node, { pointer: reference.slice(1), stack: [], more: rest })
  }
  return referred(compiling, definition, { schema: target, description })
}

interface Referred {
  readonly schema: JsonObject
  readonly description: string
}

function referred({ root }: Compiling, definition: Definition, { schema, description }: Referred): Part {
  const to = { $ref: `#/$defs/${definition.name}` }
  const isPlain = definition.part?.decode === unchanged
  return {
    // Beside a $ref, some take no other keyword, and some ignore it.
    schema: description === '' ? to : { anyOf: [to], description },
    decode: isPlain ? unchanged : value => (definition.part?.decode ?? unchanged)(value),
    nullable: admitsNull(schema, root),
    kind: definition.part?.kind,
    choices: definition.part?.choices
  }
}

interface Recursion extends Place {
  readonly reference: string
  /** What stands beside the reference. */
  readonly rules?: JsonObject | undefined
}

function recursionPart(compiling: Compiling, schema: JsonObject, { pointer, reference, rules = {} }: Recursion): Part {
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
  const description = sentences([describedAs(schema), text, ...rulesInWords(rules)])
  return { schema: { type: 'string', description }, decode: decodeText, nullable: admitsNull(schema, root), kind: 'text' }
}

const simple: ReadonlySet<string> = new Set([
  'minProperties',
  'maxProperties',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minLength',
  'maxLength'
])

/** Rules beside a reference that a model can keep to; the others are checked when it is called. */
const rulesInWords = (rules: JsonObject): readonly string[] =>
  Object.entries(rules).flatMap(([keyword, value]) => (!silent.has(keyword) && simple.has(keyword) ? [inWords(keyword, value)] : []))

function cutPart(compiling: Compiling, schema: JsonObject, { pointer, reference }: Place & { reference: string }): Part {
  const { root, notes } = compiling
  const name = reference.split('/').at(-1) ?? ''
  const did = `too large to be written out whole: ${name} is sent as JSON text; /openapi.json has its schema`
  notes.push({ pointer: `${pointer}/$ref`, keyword: '$ref', kind: 'mapped', did })
  const text = `JSON text of a value of the kind ${name}; its fields are checked when it is called.`
  const description = sentences([describedAs(schema), text])
  return { schema: { type: 'string', description }, decode: decodeText, nullable: admitsNull(schema, root), kind: 'text' }
}
