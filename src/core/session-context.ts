/** The variables of a session as few tokens of text, for a prompt. Values are data: none can begin a line or look like another one. */
import type { Json, JsonObject } from './types.ts'

/** One line for each variable, the oldest first, so that a prompt's beginning stays the same. */
export const contextOf = (values: Readonly<Record<string, Json>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}: ${rendered(value)}`)
    .join('\n')

/** Words and numbers, and nothing that could be taken for structure. */
const plain = /^[\p{L}\p{N}•][\p{L}\p{N}•_./@+-]*( [\p{L}\p{N}•_./@+-]+)*$/u

function rendered(value: Json): string {
  if (typeof value === 'string') return plain.test(value) && !looksOther(value) ? value : JSON.stringify(value)
  const rows = rowsOf(value)
  if (rows === undefined) return JSON.stringify(value)
  const names = Object.keys(rows[0] ?? {})
  return `(${names.join(', ')}) ${rows.map(row => names.map(name => rendered(row[name] as Json)).join(', ')).join('; ')}`
}

/** Text that would be read as a number or a constant; a number in digits alone (an account) reads the same either way. */
const looksOther = (text: string): boolean => ['true', 'false', 'null'].includes(text)

/** A list of flat objects with the same names is a table: the names are said once. */
function rowsOf(value: Json): readonly JsonObject[] | undefined {
  if (!Array.isArray(value) || value.length < 2 || !value.every(isFlat)) return undefined
  const rows = value as readonly JsonObject[]
  const names = Object.keys(rows[0] ?? {}).join()
  return names !== '' && rows.every(row => Object.keys(row).join() === names) ? rows : undefined
}

const isFlat = (value: Json): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(inside => inside === null || typeof inside !== 'object')
