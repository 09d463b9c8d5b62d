/**
 * Several hosts are known to send what is no text as a text: an object or a list as JSON, an integer or a boolean in quotes. It is taken
 * where the schema takes no text there, so that nobody can have meant one; everything else stays, and the check of the input refuses it.
 */
import { canonicalJson } from '../../core/canonical-json.ts'
import { own } from '../../core/own.ts'
import { isObject } from '../../core/schema-at.ts'
import type { FieldError, Json, JsonObject } from '../../core/types.ts'
import { asObject, flatten, typesOf } from '../../surface/flatten.ts'
import { inexactInput } from '../json-body.ts'
import { jsonIn } from './take-messages.ts'

/** `schema`: of the arguments, as the tool shows it. Throws `invalid_input` where a number in a text has more digits than a number keeps. */
export function unstringified(schema: JsonObject, args: JsonObject): JsonObject {
  const inexact: FieldError[] = []
  const read = readAs(args, schema, { root: schema, pointer: '', inexact, work: { left: mostLooks } })
  if (inexact.length > 0) throw inexactInput(inexact)
  return isObject(read) ? read : args
}

/** Of values, once for each alternative: unions inside each other would multiply without end. What is beyond stays as it is. */
const mostLooks = 50_000

interface Place {
  readonly root: JsonObject
  readonly work: { left: number }
  readonly pointer: string
  readonly inexact: FieldError[]
}

const below = (place: Place, name: string | number): Place => ({
  ...place,
  pointer: `${place.pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
})

function readAs(value: Json, schema: Json, place: Place): Json {
  if (--place.work.left < 0) return value
  const { node, rest } = flatten(asObject(schema), place.root, [])
  // A rule that can not be merged may say anything.
  if (rest.length > 0) return value
  if (typeof value === 'string') return readText(value, node, place)
  const branches = branchesOf(node)
  if (branches.length > 0) return readUnion(value, branches, place)
  if (Array.isArray(value)) return (value as readonly Json[]).map((item, i) => readAs(item, itemSchema(node, i), below(place, i)))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [name, readAs(inside, memberSchema(node, name), below(place, name))])
  )
}

function itemSchema({ prefixItems, items }: JsonObject, index: number): Json {
  const first = Array.isArray(prefixItems) ? (prefixItems as readonly Json[])[index] : undefined
  return first ?? items ?? true
}

function memberSchema({ properties, patternProperties, additionalProperties }: JsonObject, name: string): Json {
  const known = isObject(properties) ? own(properties, name) : undefined
  return known ?? (patternProperties === undefined ? (additionalProperties ?? true) : true)
}

const branchesOf = ({ anyOf, oneOf }: JsonObject): readonly Json[] => [anyOf, oneOf].flatMap(list => (Array.isArray(list) ? list : []))

const integer = /^(?:0|-?[1-9]\d{0,15})$/

function readText(text: string, node: JsonObject, place: Place): Json {
  const kinds = kindsOf(node, place.root)
  if (kinds === undefined || kinds.has('string')) return text
  if (kinds.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (kinds.has('integer') && integer.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  const wanted = kinds.has('object') || kinds.has('array')
  const found = wanted && /^\s*[[{]/.test(text) ? jsonIn(text) : undefined
  if (found === undefined || !kinds.has(Array.isArray(found.value) ? 'array' : 'object')) return text
  place.inexact.push(...found.inexact.map(({ pointer, message }) => ({ pointer: place.pointer + pointer, message })))
  return readAs(found.value, node, place)
}

/** Two branches that read it differently: nobody can tell what was meant. */
function readUnion(value: Json, branches: readonly Json[], place: Place): Json {
  const readings = branches.flatMap(branch => {
    const inexact: FieldError[] = []
    const reading = readAs(value, branch, { ...place, inexact })
    return mayFit(reading, branch, place.root) ? [{ reading, inexact }] : []
  })
  const [first] = readings
  if (first === undefined || new Set(readings.map(({ reading }) => canonicalJson(reading))).size > 1) return value
  place.inexact.push(...first.inexact)
  return first.reading
}

/** A look at the outside of a value: its type, which members it has, their types, and those that are constants. */
function mayFit(value: Json, schema: Json, root: JsonObject): boolean {
  const { node } = flatten(asObject(schema), root, [])
  if (!isOneOf(value, kindsOf(node, root))) return false
  if (!isObject(value)) return true
  const { required, additionalProperties } = node
  if (Array.isArray(required) && !(required as readonly string[]).every(name => Object.hasOwn(value, name))) return false
  return Object.entries(value).every(([name, inside]) => {
    const known = isObject(node.properties) ? own(node.properties, name) : undefined
    if (known === undefined) return additionalProperties !== false
    const { node: member } = flatten(asObject(known), root, [])
    const values = valuesOf(member)
    return (
      isOneOf(inside, kindsOf(member, root)) && (values === undefined || values.some(one => canonicalJson(one) === canonicalJson(inside)))
    )
  })
}

const valuesOf = ({ const: constant, enum: values }: JsonObject): readonly Json[] | undefined =>
  constant !== undefined ? [constant] : Array.isArray(values) ? (values as readonly Json[]) : undefined

const kindOf = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value

const isOneOf = (value: Json, kinds: ReadonlySet<string> | undefined): boolean =>
  kinds === undefined || kinds.has(kindOf(value)) || (typeof value === 'number' && kinds.has('number'))

const deepest = 8

/** The types that a schema admits; undefined: any. */
function kindsOf(node: JsonObject, root: JsonObject, depth = 0): ReadonlySet<string> | undefined {
  if (node.type !== undefined) return new Set(typesOf(node.type))
  const values = valuesOf(node)
  if (values !== undefined) return new Set(values.map(kindOf))
  const branches = branchesOf(node)
  if (branches.length === 0 || depth > deepest) return undefined
  const found = branches.map(branch => {
    const flat = flatten(asObject(branch), root, [])
    return flat.rest.length > 0 ? undefined : kindsOf(flat.node, root, depth + 1)
  })
  return found.every(kinds => kinds !== undefined) ? new Set(found.flatMap(kinds => [...kinds])) : undefined
}
