/** A JSON Schema of draft 3 to 2020-12, or of OpenAPI, → the schema of a manifest, and what was lost on the way. */
import { newAjv } from '../../../core/schema.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import { checkDefaults } from '../../default-checks.ts'
import type { Finding } from '../../issue.ts'
import { checkSchema } from '../../schema-checks.ts'
import { createSharedSchemas } from '../../shared-schemas.ts'
import { type Conversion, isObject, type SchemaNote, step } from './conversion.ts'
import { convert } from './convert.ts'
import { createPlaces } from './places-of-refs.ts'

export interface ImportedSchema {
  readonly schema: JsonObject
  readonly notes: readonly SchemaNote[]
  /** Why a manifest still refuses it; empty: it takes it. */
  readonly mistakes: readonly SchemaNote[]
}

/** `pointer`: where in the document the schema stands. */
export function importSchema(document: Json, pointer = ''): ImportedSchema {
  const notes: SchemaNote[] = []
  const places = createPlaces(document, pointer)
  const ajv = newAjv()
  const conversion: Conversion = {
    document,
    ajv,
    isRefAlone: isRefAlone(document),
    note: (pointer, message) => void notes.push({ pointer, message }),
    link: places.link
  }
  const root = convert({ schema: places.root, pointer }, conversion)
  const $defs: Record<string, Json> = {}
  // Each may lead to more.
  for (let next = places.next(); next !== undefined; next = places.next()) $defs[next.name] = convert(next, conversion)
  const schema = isObject(root) ? root : root === false ? { not: {} } : {}
  return accepted(Object.keys($defs).length === 0 ? schema : { ...schema, $defs }, notes)
}

const newer = /draft\/(2019-09|2020-12|next)/

function isRefAlone(document: Json): boolean {
  if (!isObject(document)) return false
  if (typeof document.$schema === 'string') return !newer.test(document.$schema)
  return typeof document.swagger === 'string' || (typeof document.openapi === 'string' && document.openapi.startsWith('3.0'))
}

const mostRounds = 100

/** What a manifest would refuse is taken away, place by place, and told. */
function accepted(schema: JsonObject, notes: SchemaNote[]): ImportedSchema {
  let current = schema
  for (let round = 0; round < mostRounds; round += 1) {
    const found = mistakesOf(current)
    if (found.length === 0) return { schema: current, notes, mistakes: [] }
    const removable = found.filter(({ path }) => path.length > 0)
    const next = removable.reduce<Json>((value, { path }) => without(value, path), current)
    if (removable.length === 0 || JSON.stringify(next) === JSON.stringify(current))
      return { schema: current, notes, mistakes: found.map(noteOf) }
    notes.push(...removable.map(finding => ({ ...noteOf(finding), message: `${finding.message}: dropped` })))
    current = next as JsonObject
  }
  return { schema: current, notes, mistakes: mistakesOf(current).map(noteOf) }
}

const noteOf = ({ path, message }: Finding): SchemaNote => ({ pointer: path.map(step).join(''), message })

function mistakesOf(schema: JsonObject): readonly Finding[] {
  const findings: Finding[] = []
  const report = (finding: Finding) => void (finding.severity === 'error' && findings.push(finding))
  const ajv = newAjv()
  const shared = createSharedSchemas({}, ajv)
  const checked = checkSchema({ schema, path: [], ajv, shared, trusted: true, report })
  if (checked !== undefined) checkDefaults({ schema, own: schema, path: [], ajv, shared, report })
  return findings
}

function without(value: Json, [first, ...rest]: readonly (string | number)[]): Json {
  if (first === undefined) return value
  if (Array.isArray(value)) {
    const list = value as readonly Json[]
    if (rest.length === 0) return list.filter((_, index) => index !== Number(first))
    return list.map((each, index) => (index === Number(first) ? without(each, rest) : each))
  }
  if (!isObject(value) || !Object.hasOwn(value, first)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      name !== String(first) ? [[name, each]] : rest.length === 0 ? [] : [[name, without(each, rest)]]
    )
  )
}
