/**
 * The first ten mistakes of a value that its schema has refused. Ajv decides whether a value fits; this finds the places, with a bounded
 * number of looks whatever the value and the schema are: all errors of Ajv would be as many as the value is large.
 */
import type { Ajv2020 } from 'ajv/dist/2020.js'
import { type Branch, commonTag, meant, nameOf } from './branches.ts'
import { nearestWord } from './nearness.ts'
import { listed, sayMistake } from './say-mistake.ts'
import { isObject, resolveRef } from './schema-at.ts'
import type { FieldError, Json, JsonObject, JsonSchema } from './types.ts'

const mostMistakes = 10
/** Looks at one value with one schema. */
const mostLooks = 3_000

/** What is inside a value has looks of its own; these keywords are not for one look. */
const inner = new Set(
  '$schema $id $comment $ref $defs definitions allOf anyOf oneOf not if then else properties patternProperties additionalProperties propertyNames unevaluatedProperties dependentSchemas items prefixItems contains minContains maxContains unevaluatedItems contentSchema'.split(
    ' '
  )
)

/** No looks are left. */
class Spent extends Error {}

export type FindMistakes = (value: Json) => readonly FieldError[]

/** What finders have compiled takes memory: those that were used last keep it. */
const mostFinders = 50
const finders = new Map<JsonSchema, Finder>()

/** `root` holds all that its references lead to. None found: the mistake is one that only the whole schema shows. */
export const createMistakeFinder =
  (root: JsonSchema, newAjv: () => Ajv2020): FindMistakes =>
  value => {
    const finder = finders.get(root) ?? new Finder(root, newAjv())
    finders.delete(root)
    finders.set(root, finder)
    for (const oldest of finders.keys()) if (finders.size > mostFinders) finders.delete(oldest)
    return finder.find(value)
  }

export const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

interface Place<Value extends Json = Json> {
  readonly value: Value
  readonly pointer: string
  readonly found: FieldError[]
}

class Finder {
  private readonly root: JsonSchema
  private readonly ajv: Ajv2020
  private readonly checks = new Map<JsonSchema, ReturnType<Ajv2020['compile']>>()
  private looks = 0

  constructor(root: JsonSchema, ajv: Ajv2020) {
    this.root = root
    this.ajv = ajv
  }

  find(value: Json): readonly FieldError[] {
    this.looks = 0
    const found: FieldError[] = []
    try {
      this.look(this.root, { value, pointer: '', found })
    } catch (error) {
      if (!(error instanceof Spent)) throw error
    }
    const seen = new Map(found.map(error => [`${error.pointer} ${error.message}`, error]))
    return [...seen.values()].slice(0, mostMistakes)
  }

  private look(schema: Json | undefined, place: Place): void {
    const { found, pointer } = place
    if (++this.looks > mostLooks) throw new Spent()
    if (found.length >= mostMistakes) return
    if (schema === false) found.push({ pointer, message: 'is not allowed here' })
    if (!isObject(schema)) return
    if (typeof schema.$ref === 'string') this.look(resolveRef(this.root, schema.$ref), place)
    if (!this.lookAtItself(schema, place)) return
    this.lookInside(schema, place)
    for (const each of listOf(schema.allOf)) this.look(each, place)
    for (const keyword of ['anyOf', 'oneOf'] as const) this.choose(listOf(schema[keyword]), { ...place, single: keyword === 'oneOf' })
    if (schema.if !== undefined) this.look(this.isFit(schema.if, place) ? schema.then : schema.else, place)
  }

  /** False when it is of another type: nothing more is to be said about it. */
  private lookAtItself(schema: JsonSchema, { value, pointer, found }: Place): boolean {
    const check = this.checks.get(schema) ?? this.ajv.compile(Object.fromEntries(Object.entries(schema).filter(([key]) => !inner.has(key))))
    this.checks.set(schema, check)
    if (check(value)) return true
    const errors = check.errors ?? []
    const wrongType = errors.find(({ keyword }) => keyword === 'type')
    for (const error of wrongType === undefined ? errors : [wrongType])
      found.push(
        error.keyword === 'required' || error.keyword === 'dependentRequired'
          ? { pointer: `${pointer}/${escapePointer(String(error.params.missingProperty))}`, message: 'is required' }
          : { pointer, message: sayMistake(error, schema) }
      )
    return wrongType === undefined
  }

  private lookInside(schema: JsonSchema, { value, pointer, found }: Place): void {
    if (Array.isArray(value)) {
      const first = listOf(schema.prefixItems)
      for (let index = 0; index < value.length && found.length < mostMistakes; index++) {
        const item = index < first.length ? first[index] : schema.items
        if (item === undefined) break
        this.look(item, { value: value[index] as Json, pointer: `${pointer}/${index}`, found })
      }
    } else if (isObject(value)) this.lookAtMembers(schema, { value, pointer, found })
  }

  private lookAtMembers(schema: JsonSchema, { value, pointer, found }: Place<JsonObject>): void {
    const named = isObject(schema.properties) ? schema.properties : {}
    const patterns = Object.entries(isObject(schema.patternProperties) ? schema.patternProperties : {})
    for (const name in value) {
      if (found.length >= mostMistakes) return
      const place = { value: value[name] as Json, pointer: `${pointer}/${escapePointer(name)}`, found }
      const own = Object.hasOwn(named, name) ? named[name] : undefined
      const fitting = patterns.filter(([pattern]) => this.ajv.opts.code.regExp(pattern, 'u').test(name))
      if (own !== undefined) this.look(own, place)
      for (const [, member] of fitting) this.look(member, place)
      if (own !== undefined || fitting.length > 0 || schema.additionalProperties === undefined) continue
      if (schema.additionalProperties === false)
        found.push({ pointer: cutPointer(place.pointer), message: unknownName(name, Object.keys(named)) })
      else this.look(schema.additionalProperties, place)
    }
  }

  private isFit(schema: Json, place: Place): boolean {
    const found: FieldError[] = []
    this.look(schema, { ...place, found })
    return found.length === 0
  }

  private choose(schemas: readonly Json[], { single, ...place }: Place & { readonly single: boolean }): void {
    if (schemas.length === 0) return
    const branches = schemas.map(schema => this.branchOf(schema))
    const fitting = branches.filter(({ schema }) => this.isFit(schema, place))
    if (fitting.length === 1 || (fitting.length > 0 && !single)) return
    const names = (some: readonly Branch[]) => listOfNames(some.map(nameOf))
    const { pointer, value, found } = place
    if (fitting.length > 1)
      return void found.push({ pointer, message: `fits more than one of ${names(fitting)}: give what only one of them has` })
    const possible = meant(branches, value)
    const [only, ...others] = possible
    if (only !== undefined && others.length === 0) return void this.look(only.schema, place)
    const tag = isObject(value) ? commonTag(possible) : undefined
    if (tag !== undefined)
      return void found.push({ pointer: `${pointer}/${escapePointer(tag.name)}`, message: `must be one of ${listed(tag.values)}` })
    const some = possible.length === 0 ? branches : possible
    const values = some.map(({ resolved }) => resolved.const)
    const plain = values.every(each => each !== undefined && typeof each !== 'object')
    found.push({ pointer, message: `must be one of ${plain ? listed(values as readonly Json[]) : names(some)}` })
  }

  private branchOf(schema: Json): Branch {
    const whole = isObject(schema) ? schema : {}
    const led = typeof whole.$ref === 'string' ? resolveRef(this.root, whole.$ref) : undefined
    return { schema: whole, resolved: isObject(led) ? { ...led, ...whole } : whole }
  }
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

const mostNames = 12
const listOfNames = (names: readonly string[]): string => {
  const different = [...new Set(names)]
  const rest = different.length - mostNames
  return `${different.slice(0, mostNames).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** The caller's own name may be long. */
const cutPointer = (pointer: string): string => (pointer.length > 500 ? `${pointer.slice(0, 499)}…` : pointer)

export function unknownName(name: string, known: readonly string[]): string {
  const near = nearestWord(name, known)
  if (near !== undefined) return `is not a known property: did you mean ${near}?`
  return known.length === 0 ? 'is not a known property' : `is not a known property: known are ${listOfNames(known)}`
}
