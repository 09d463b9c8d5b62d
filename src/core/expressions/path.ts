/** Expressions that are a simple path, `input.customer.name`: read where they stand, as JSONata would read them. */
import type { Json } from '../types.ts'

const name = '(?:[A-Za-z_]\\w*|`[^`]+`)'
const simple = new RegExp(`^\\s*${name}(?:\\s*\\.\\s*${name})*\\s*$`)
const names = /`[^`]+`|[A-Za-z_]\w*/g
const words: ReadonlySet<string> = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function'])

/** The names of the path; undefined when the expression is more than that. */
export function pathOf(source: string): readonly string[] | undefined {
  if (!simple.test(source)) return undefined
  const found = source.match(names) ?? []
  return found.some(each => words.has(each)) ? undefined : found.map(each => (each.startsWith('`') ? each.slice(1, -1) : each))
}

/** `list` where a list is on the way: JSONata maps over it, which is not done here. */
export function follow(scope: object, path: readonly string[]): { readonly value: Json | undefined } | 'list' {
  let at: unknown = scope
  for (const each of path) {
    if (Array.isArray(at)) return 'list'
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, each)) return { value: undefined }
    at = (at as Readonly<Record<string, unknown>>)[each]
  }
  return { value: copy(at) }
}

/** A copy: a step that changes its value changes nobody else's. */
const copy = (value: unknown): Json | undefined =>
  value === null || typeof value !== 'object' ? (value as Json | undefined) : JSON.parse(JSON.stringify(value))
