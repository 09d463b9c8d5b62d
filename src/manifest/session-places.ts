/** Where `x-session` stands: on properties of the input and the output, and of objects in them. */
import { splitHoles } from '../core/holes.ts'
import type { Json, JsonObject, ScreenUse, SessionPlace, SessionUse } from '../core/types.ts'
import { keyError, type Path, type Report, valueError } from './issue.ts'
import { isObject, resolveRef, type Subschema, subschemas } from './schema-walk.ts'
import type { SharedSchemas } from './shared-schemas.ts'

type Which = 'input' | 'output'

/** `properties`, a name, `properties`, a name, … */
const isPlace = (path: Path): boolean =>
  path.length > 0 && path.length % 2 === 0 && path.every((step, i) => i % 2 === 1 || step === 'properties')

const marked = (schema: Json): readonly Subschema[] =>
  subschemas(schema).filter(({ schema: part }) => isObject(part) && typeof part['x-session'] === 'string')

export function sessionPlaces(
  root: JsonObject,
  { schema, path }: { schema: JsonObject; path: readonly string[] } = { schema: root, path: [] }
): readonly SessionPlace[] {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : []
  return properties.flatMap(([name, property]) => {
    if (!isObject(property)) return []
    const variable = property['x-session']
    const place = { schema: property, path: [...path, name] }
    const own =
      typeof variable === 'string'
        ? [{ variable, path: place.path, sensitive: isSensitive(root, property), ...given(omitted(property)) }]
        : []
    return [...own, ...sessionPlaces(root, place)]
  })
}

const given = (omits: readonly (readonly string[])[]): Pick<SessionPlace, 'omits'> => (omits.length === 0 ? {} : { omits })

const isInside = (path: Path): boolean => path.every((step, i) => step === 'items' || step === 'properties' || path[i - 1] === 'properties')

/** `x-session: false` inside what is remembered. */
const omitted = (schema: Json): readonly (readonly string[])[] =>
  subschemas(schema)
    .filter(({ path, schema: part }) => isObject(part) && part['x-session'] === false && isInside(path))
    .map(({ path }) => path.filter((_, i) => path[i - 1] === 'properties').map(String))

function isSensitive(root: JsonObject, schema: Json, seen = new Set<Json>()): boolean {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return false
  seen.add(schema)
  if (isObject(schema)) {
    if (schema['x-sensitive'] !== undefined && schema['x-sensitive'] !== false) return true
    if (typeof schema.$ref === 'string' && isSensitive(root, resolveRef(root, schema.$ref) ?? null, seen)) return true
  }
  return Object.values(schema).some(inside => isSensitive(root, inside as Json, seen))
}

/** Undefined: the action has nothing to do with sessions. `written`: its manifest, for the expressions in it. */
export function sessionUse({ input, output, written, screen }: Written): SessionUse | undefined {
  const { input: _, output: __, description: ___, ...rest } = written
  const fills = sessionPlaces(input)
  const remembers = sessionPlaces(output)
  const reads = splitHoles(JSON.stringify(rest)).expressions.some(source => /\bsession\b/.test(source))
  const isUsed = fills.length > 0 || remembers.length > 0 || reads || screen !== undefined
  return isUsed ? { fills, remembers, reads, ...(screen === undefined ? {} : { screen }) } : undefined
}

interface Written {
  readonly input: JsonObject
  readonly output: JsonObject
  readonly written: JsonObject
  readonly screen?: ScreenUse | undefined
}

const remedy = (which: Which): string =>
  `x-session belongs to a property of the ${which}, or of an object in it (properties: …), and beside a $ref, not inside what it leads to`

interface Marks {
  readonly schema: JsonObject
  readonly which: Which
  readonly path: Path
  readonly shared: SharedSchemas
  readonly report: Report
}

/** Marks that would do nothing, and outputs that nobody could tell apart. */
export function checkSessionMarks({ schema, which, path, shared, report }: Marks): void {
  const { $defs, ...rest } = schema
  // What actions share stands below `$defs` of each: it is reported once, at its own place.
  const own = Object.entries(isObject($defs) ? $defs : {}).filter(([, part]) => !shared.isShared(part))
  const found = marked(own.length === 0 ? rest : { ...rest, $defs: Object.fromEntries(own) })
  const first = new Map<string, Path>()
  for (const { path: place, schema: part } of found) {
    const at = [...path, ...place, 'x-session']
    const variable = String((part as JsonObject)['x-session'])
    const before = first.get(variable)
    if (!isPlace(place)) report(keyError(at, `nothing is ${which === 'input' ? 'filled' : 'remembered'} here: ${remedy(which)}`))
    else if (which === 'output' && before !== undefined)
      report(valueError(at, `${before.join('.')} is remembered as ${variable} already: choose another name, or take one away`))
    else first.set(variable, place)
  }
  const leftOut = subschemas(own.length === 0 ? rest : { ...rest, $defs: Object.fromEntries(own) })
  for (const { path: place, schema: part } of leftOut) {
    if (!isObject(part) || part['x-session'] !== false) continue
    const isOf = (outer: Path): boolean => outer.length < place.length && outer.every((step, i) => step === place[i])
    if (which === 'input' || ![...first.values()].some(outer => isOf(outer) && isInside(place.slice(outer.length))))
      report(
        valueError(
          [...path, ...place, 'x-session'],
          'nothing is left out here: x-session: false stands inside an output that is remembered'
        )
      )
  }
}

/** In `schemas:`, a mark would count for whoever refers to it. */
export function checkSharedMarks(name: string, schema: Json, report: Report): void {
  for (const { path } of marked(schema))
    report(
      keyError(
        ['schemas', name, ...path, 'x-session'],
        'x-session does not work in shared schemas: write it on the property, beside its $ref'
      )
    )
}

/** A sensitive value fills no input that would show it. */
export function checkSensitivity(actions: JsonObject, report: Report): void {
  const all = Object.entries(actions).flatMap(([name, action]) =>
    (['input', 'output'] as const).flatMap(which => {
      const schema = isObject(action) ? action[which] : undefined
      return isObject(schema) ? sessionPlaces(schema).map(place => ({ ...place, name, which })) : []
    })
  )
  const sensitive = new Map(all.filter(place => place.sensitive).map(place => [place.variable, place]))
  for (const { variable, path, name, which, sensitive: isMarked } of all) {
    const other = sensitive.get(variable)
    if (which === 'output' || isMarked || other === undefined) continue
    const at = ['actions', name, which, ...path.flatMap(step => ['properties', step]), 'x-session']
    report(valueError(at, `${variable} is x-sensitive in ${other.name}, so it does not fill an input that is not: add x-sensitive here`))
  }
}

const screenUses: readonly string[] = ['pinned', 'continue', 'finish']

/** A wizard has a first page. */
export function checkScreens(actions: JsonObject, report: Report): void {
  const uses = Object.entries(actions).flatMap(([name, action]) =>
    isObject(action) && typeof action.screen === 'string' && screenUses.includes(action.screen) ? [[name, action.screen] as const] : []
  )
  if (uses.some(([, use]) => use === 'pinned')) return
  for (const [name] of uses)
    report(valueError(['actions', name, 'screen'], 'no action of this bot opens a screen: write screen: pinned on the first one'))
}
