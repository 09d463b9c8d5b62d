/** Keywords of drafts 3 to 2019-09 and of OpenAPI 3.0 that 2020-12 writes in another way. The meaning stays. */
import type { Json } from '../../../core/types.ts'
import { type Conversion, type Draft, isObject } from './conversion.ts'

type Rewrite = (schema: Draft, pointer: string, conversion: Conversion) => void

/** They change the schema in place, before what is inside it is converted. */
export const rewrites: readonly Rewrite[] = [
  oldTypes,
  oldNames,
  requiredByMembers,
  exclusiveBounds,
  tuples,
  dependencies,
  recursiveRefs,
  nullable,
  examples,
  halves
]

const types: ReadonlySet<string> = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'])

function oldTypes(schema: Draft, pointer: string, { note }: Conversion): void {
  const { type } = schema
  if (type === undefined) return
  const all: readonly Json[] = Array.isArray(type) ? type : [type]
  if (all.includes('any') || all.length === 0) {
    delete schema.type
    note(`${pointer}/type`, 'any type: left out')
  } else if (all.some(isObject)) {
    delete schema.type
    addTo(schema, { anyOf: all.map(each => (isObject(each) ? each : { type: each })) })
  } else if (all.includes('file')) {
    schema.type = 'string'
    note(`${pointer}/type`, 'file is no type of JSON: it is a string')
  } else if (!all.every(each => types.has(String(each)))) {
    const known = all.filter(each => types.has(String(each)))
    if (known.length === 0) delete schema.type
    else schema.type = known
    note(`${pointer}/type`, `${JSON.stringify(type)} is no type of JSON Schema: dropped`)
  } else if (Array.isArray(type)) schema.type = [...new Set(all)]
}

/** Beside what the schema says already. */
const addTo = (schema: Draft, more: Json): void => {
  schema.allOf = [...(Array.isArray(schema.allOf) ? schema.allOf : []), more]
}

function oldNames(schema: Draft): void {
  if (typeof schema.divisibleBy === 'number') schema.multipleOf ??= schema.divisibleBy
  delete schema.divisibleBy
  const { disallow, extends: parents } = schema
  if (disallow !== undefined) addTo(schema, { not: isObject(disallow) ? disallow : { type: disallow } })
  if (parents !== undefined) for (const parent of [parents].flat()) addTo(schema, parent as Json)
  delete schema.disallow
  delete schema.extends
}

/** Draft 3: `required: true` stands in the member itself. */
function requiredByMembers(schema: Draft): void {
  if (typeof schema.required === 'boolean') delete schema.required
  const needed = Object.entries(isObject(schema.properties) ? schema.properties : {}).filter(
    ([, each]) => isObject(each) && each.required === true
  )
  if (needed.length > 0) schema.required = [...(Array.isArray(schema.required) ? schema.required : []), ...needed.map(([name]) => name)]
  if (Array.isArray(schema.required)) schema.required = [...new Set(schema.required)]
}

/** Draft 4: true beside the bound. */
function exclusiveBounds(schema: Draft): void {
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum']
  ] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue
    const isOpen = schema[exclusive] === true && schema[bound] !== undefined
    delete schema[exclusive]
    if (!isOpen) continue
    schema[exclusive] = schema[bound] as Json
    delete schema[bound]
  }
}

function tuples(schema: Draft): void {
  const { items, additionalItems } = schema
  delete schema.additionalItems
  if (!Array.isArray(items)) return
  delete schema.items
  if (items.length > 0) schema.prefixItems = items
  if (additionalItems !== undefined) schema.items = additionalItems
}

function dependencies(schema: Draft): void {
  const held = schema.dependencies
  delete schema.dependencies
  if (!isObject(held)) return
  const lists = Object.entries(held).filter(([, each]) => typeof each === 'string' || Array.isArray(each))
  const schemas = Object.entries(held).filter(([, each]) => isObject(each) || typeof each === 'boolean')
  const listed = Object.fromEntries(lists.map(([name, each]) => [name, [...new Set([each].flat())] as Json]))
  if (lists.length > 0) schema.dependentRequired = { ...(isObject(schema.dependentRequired) ? schema.dependentRequired : {}), ...listed }
  if (schemas.length > 0)
    schema.dependentSchemas = { ...(isObject(schema.dependentSchemas) ? schema.dependentSchemas : {}), ...Object.fromEntries(schemas) }
}

function recursiveRefs(schema: Draft, pointer: string, { note }: Conversion): void {
  for (const keyword of ['$recursiveRef', '$dynamicRef']) {
    const ref = schema[keyword]
    delete schema[keyword]
    if (typeof ref !== 'string') continue
    schema.$ref ??= ref
    note(`${pointer}/${keyword}`, 'written as $ref: schemas that extend this one from outside are not looked at')
  }
}

/** OpenAPI 3.0: null is taken too. */
function nullable(schema: Draft): void {
  const isNullable = schema.nullable === true
  delete schema.nullable
  if (!isNullable) return
  if (Array.isArray(schema.enum) && !schema.enum.includes(null)) schema.enum = [...schema.enum, null]
  if (schema.type !== undefined) {
    schema.type = [...new Set([...[schema.type].flat(), 'null'])] as Json
    return
  }
  const { title, description, default: fallback, ...rest } = schema
  if (Object.keys(rest).length === 0) return
  for (const keyword of Object.keys(rest)) delete schema[keyword]
  schema.anyOf = [rest, { type: 'null' }]
}

function examples(schema: Draft): void {
  const { example, examples: given } = schema
  if (given !== undefined && !Array.isArray(given)) schema.examples = isObject(given) ? Object.values(given) : [given]
  if (example !== undefined) schema.examples = [...(Array.isArray(schema.examples) ? schema.examples : []), example]
  delete schema.example
}

/** Halves of a pair say nothing alone. */
function halves(schema: Draft, pointer: string, { note }: Conversion): void {
  const alone: readonly (readonly [string, string])[] = [
    ['then', 'if'],
    ['else', 'if'],
    ['minContains', 'contains'],
    ['maxContains', 'contains']
  ]
  for (const [keyword, other] of alone)
    if (schema[keyword] !== undefined && schema[other] === undefined) {
      delete schema[keyword]
      note(`${pointer}/${keyword}`, `says nothing without ${other}: dropped`)
    }
  if (schema.if !== undefined && schema.then === undefined && schema.else === undefined) delete schema.if
}
