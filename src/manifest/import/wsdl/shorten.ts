/** Smaller inputs on request: agents pay for every property that they read. */
import { own } from '../../../core/own.ts'
import type { Json, JsonObject } from '../../../core/types.ts'

interface Wishes {
  readonly onlyRequired?: boolean
  readonly flatten?: boolean
}

/** `input`, and `request` where it is no longer the shape of the message. */
export function shortInput(message: JsonObject, wishes: Wishes, sharedSchema: (name: string) => Json | undefined): JsonObject {
  const inner = wishes.flatten === true ? onlyObject(message, sharedSchema) : undefined
  const input = inner?.schema ?? message
  const short = wishes.onlyRequired === true ? (withoutOptional(input) as JsonObject) : input
  if (inner === undefined) return { input: short }
  return { input: short, request: { schema: message, body: { [inner.property]: '{{ input }}' } } }
}

/** The one object that the message wraps. */
function onlyObject(
  { properties }: JsonObject,
  sharedSchema: (name: string) => Json | undefined
): { property: string; schema: JsonObject } | undefined {
  const [only, ...others] = Object.entries(isMap(properties) ? properties : {})
  if (only === undefined || others.length > 0 || !isMap(only[1])) return undefined
  const [property, member] = only
  const meant = typeof member.$ref === 'string' ? sharedSchema(member.$ref.slice('#/schemas/'.length)) : member
  return isMap(meant) && meant.type === 'object' && isMap(meant.properties) ? { property, schema: meant } : undefined
}

/** Properties that a condition names stay: without them it could not be met. */
export function withoutOptional(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema
  const { properties, ...rest } = schema as JsonObject
  const kept = isMap(rest.items) ? { ...rest, items: withoutOptional(rest.items) } : rest
  if (!isMap(properties)) return kept
  const named = new Set(namesIn(rest))
  const members = Object.entries(properties).filter(
    ([name, member]) => named.has(name) || (isMap(member) && isMap(member.xml) && member.xml['x-header'] === true)
  )
  return { ...kept, properties: Object.fromEntries(members.map(([name, member]) => [name, withoutOptional(member)])) }
}

const prefix = '#/schemas/'

/** The same behind references: what they lead to is shared, also with answers, so that inputs get schemas of their own. */
export function shortBehind(schemas: Readonly<Record<string, Json>>) {
  const added: Record<string, Json> = {}
  const names = new Map<string, string>()
  const short = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(short)
    if (!isMap(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        key === '$ref' && typeof member === 'string' ? referenceTo(member) : short(member)
      ])
    )
  }
  const referenceTo = (reference: string): string => {
    const name = reference.slice(prefix.length)
    const schema = own(schemas, name)
    if (!reference.startsWith(prefix) || !isMap(schema) || !holdsOthers(schema)) return reference
    const known = names.get(name)
    if (known !== undefined) return prefix + known
    const wanted = freeName(`${name}_required`, schemas)
    names.set(name, wanted)
    added[wanted] = short(withoutOptional(schema))
    return prefix + wanted
  }
  return { short: (input: JsonObject) => short(input) as JsonObject, added }
}

const holdsOthers = (schema: JsonObject): boolean =>
  ['properties', 'items', 'oneOf', 'anyOf', 'allOf'].some(key => schema[key] !== undefined)

const freeName = (wanted: string, taken: Readonly<Record<string, Json>>): string =>
  Object.hasOwn(taken, wanted) ? freeName(`${wanted}_`, taken) : wanted

const isMap = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function namesIn({ required, allOf, anyOf, oneOf, not, dependentRequired }: JsonObject): readonly string[] {
  const inner = [allOf, anyOf, oneOf].flatMap(each => (Array.isArray(each) ? (each as readonly Json[]) : []))
  return [
    ...(Array.isArray(required) ? required.map(String) : []),
    ...inner.flatMap(each => (isMap(each) ? namesIn(each) : [])),
    ...(isMap(not) ? namesIn(not) : []),
    ...(isMap(dependentRequired) ? Object.keys(dependentRequired) : [])
  ]
}
