/** `fields=account,transactions.amount`: less of an output, by paths that go through lists. */
import { RetrofitError } from '../core/errors.ts'
import { expand, isObject, itemSchemas, memberSchemas } from '../core/schema-at.ts'
import type { Json, JsonSchema } from '../core/types.ts'

export type Select = (output: Json) => Json

/** Throws invalid_request where a path is not in the schema: nothing has been done yet, and the caller learns what there is. */
export function selectFields(schema: JsonSchema, fields: string): Select {
  const paths = parse(fields)
  const wrong = [...new Set(paths.flatMap(path => mistakeIn(schema, path) ?? []))]
  if (wrong.length > 0) throw refusal(wrong)
  const tree = treeOf(paths)
  return output => project(output, tree)
}

const refusal = (messages: readonly string[]): RetrofitError =>
  new RetrofitError('invalid_request', {
    detail: `fields: ${messages.join('; ')}`,
    errors: messages.map(message => ({ pointer: '/query/fields', message }))
  })

type Path = readonly string[]

/** Commas between paths, dots between names; a backslash makes either a part of a name. */
function parse(fields: string): readonly Path[] {
  const paths = [['']]
  for (const [token] of fields.matchAll(/\\.|[^\\]/gs)) {
    const path = paths.at(-1) as string[]
    if (token === ',') paths.push([''])
    else if (token === '.') path.push('')
    else path.push(path.pop() + token.replace(/^\\/, ''))
  }
  const trimmed = paths.map(path => path.map(name => name.trim()))
  if (trimmed.some(path => path.includes(''))) throw refusal(['write names of the output with commas, as account,transactions.amount'])
  return trimmed
}

/** What is wrong with a path, in words; undefined: nothing. */
function mistakeIn(root: JsonSchema, path: Path): string | undefined {
  let here = throughLists(root, [root])
  for (const [level, name] of path.entries()) {
    const inside = memberSchemas(here, name)
    if (inside.length === 0) return isOpen(here, name) ? undefined : unknown(path, level, here)
    here = throughLists(root, inside)
  }
  return undefined
}

/** A path means each item of a list. */
function throughLists(root: JsonSchema, schemas: readonly JsonSchema[]): readonly JsonSchema[] {
  const seen = new Set<JsonSchema>()
  for (let open = expand(root, schemas); open.some(schema => !seen.has(schema)); open = expand(root, itemSchemas(open))) {
    for (const schema of open) seen.add(schema)
  }
  return [...seen]
}

const namesIn = (schemas: readonly JsonSchema[]): readonly string[] => [
  ...new Set(schemas.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])))
]

/** A name that is listed (its schema is `true`), or one that the schemas have nothing against. */
function isOpen(schemas: readonly JsonSchema[], name: string): boolean {
  const names = namesIn(schemas)
  if (names.includes(name) || schemas.some(({ additionalProperties }) => additionalProperties === true)) return true
  return names.length === 0 && schemas.some(isFree)
}

const structural = ['enum', 'const', 'items', 'prefixItems', '$ref', 'allOf', 'anyOf', 'oneOf'] as const

/** An object of any properties, a list of anything, anything. */
function isFree(schema: JsonSchema): boolean {
  const types = [schema.type].flat()
  if (schema.additionalProperties === false || structural.some(keyword => schema[keyword] !== undefined)) return false
  return schema.type === undefined || types.includes('object') || types.includes('array')
}

function unknown(path: Path, level: number, here: readonly JsonSchema[]): string {
  const [outer, name] = [path.slice(0, level).join('.'), path[level]]
  const names = namesIn(here)
  const has = names.length === 0 ? 'has no fields' : `has ${names.join(', ')}`
  return level === 0 ? `${name} is not in the output, which ${has}` : `${name} is not in ${outer}, which ${has}`
}

/** By name; an empty one means all of it. */
type Tree = Map<string, Tree>

function treeOf(paths: readonly Path[]): Tree {
  const tree: Tree = new Map()
  for (const path of paths) {
    let here = tree
    for (const [level, name] of path.entries()) {
      const known = here.get(name)
      if (known?.size === 0) break
      const next: Tree = level === path.length - 1 ? new Map() : (known ?? new Map())
      here.set(name, next)
      here = next
    }
  }
  return tree
}

function project(value: Json, tree: Tree): Json {
  if (tree.size === 0 || value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(item => project(item, tree))
  const kept = Object.entries(value).filter(([name]) => tree.has(name))
  return Object.fromEntries(kept.map(([name, member]) => [name, project(member as Json, tree.get(name) as Tree)]))
}
