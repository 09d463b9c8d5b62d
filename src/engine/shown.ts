/** People see what a probe read: without credentials and marked values, and where outputs are marked, without what is not known to be harmless. */
import { isObject } from '../core/schema-at.ts'
import type { Action, Json, JsonObject } from '../core/types.ts'
import { mask, masked } from '../governance/sealer.ts'

const [mostMembers, longestText, deepest, longestWords] = [20, 200, 6, 300]

export interface Showing {
  readonly action: Action
  readonly input: JsonObject
  /** The run's. */
  readonly reference: string
  redact(text: string): string
}

/** Undefined where the action wants no evidence kept. */
export function shown(extracted: Json | undefined, { action, input, reference, redact }: Showing): Json | undefined {
  if (extracted === undefined || action.evidence === 'none') return undefined
  const names = new Set([...markedNames(action.input), ...markedNames(action.output)])
  const isMarked = JSON.stringify(action.output).includes('"x-sensitive"')
  const known = new Set([reference, ...leavesOf(mask(action.input, input))])
  const leaf = (value: Json): Json => {
    if (value === null || typeof value === 'boolean') return value
    if (isMarked && !known.has(String(value))) return masked
    return typeof value === 'string' ? cut(redact(value)) : value
  }
  return bounded(extracted, { leaf, names, depth: 0 })
}

interface Bounds {
  leaf(value: Json): Json
  /** Members that are dots, wherever they stand. */
  readonly names: ReadonlySet<string>
  readonly depth: number
}

/** Names of properties that are marked, wherever they stand in the schema. */
function markedNames(schema: Json): readonly string[] {
  if (schema === null || typeof schema !== 'object') return []
  const properties = isObject(schema) && isObject(schema.properties) ? Object.entries(schema.properties) : []
  const own = properties.filter(([, each]) => isObject(each) && each['x-sensitive'] !== undefined).map(([name]) => name)
  return [...own, ...Object.values(schema).flatMap(markedNames)]
}

const cut = (text: string, most = longestText): string => (text.length <= most ? text : `${text.slice(0, most)}…`)

/** Behind "the probe": in one line. */
export const inWords = (extracted: Json | undefined): string =>
  extracted === undefined ? '' : `; it extracted ${cut(JSON.stringify(extracted), longestWords)}`

function leavesOf(value: Json): readonly string[] {
  if (value === null || typeof value !== 'object') return [String(value)]
  return Object.values(value).flatMap(leavesOf)
}

function bounded(value: Json, { leaf, names, depth }: Bounds): Json {
  if (value === null || typeof value !== 'object') return leaf(value)
  if (depth === deepest) return '…'
  const inside = (member: Json) => bounded(member, { leaf, names, depth: depth + 1 })
  if (Array.isArray(value)) {
    const members = value as readonly Json[]
    const rest = members.length - mostMembers
    return [...members.slice(0, mostMembers).map(inside), ...(rest > 0 ? [`… ${rest} more`] : [])]
  }
  if (!isObject(value)) return null
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, mostMembers)
      .map(([name, member]) => [name, names.has(name) && member !== null ? masked : inside(member)])
  )
}
