/** `schemas`: written once, used by many actions as `$ref: "#/schemas/Name"`. In an action they become its `$defs`. */
import type { newAjv } from '../core/schema.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { isObject } from './schema-walk.ts'

export interface SharedSchemas {
  /** With `$defs` for all that it leads to. The same shared schema is the same object everywhere. */
  link(schema: Json): Json
  /** Every schema of an action in its linked form. */
  linkAction(action: Json): Json
  /** For Ajv: what is shared is compiled once. */
  detach(schema: JsonObject): JsonObject
  readonly all: Readonly<Record<string, Json>>
  isShared(schema: Json): boolean
  /** Of schemas that were measured already. */
  readonly sizes: Map<Json, number>
}

const prefix = '#/schemas/'
const id = 'retrofit:schemas'
const holders = ['request', 'response'] as const

export function createSharedSchemas({ schemas }: JsonObject, ajv: ReturnType<typeof newAjv>): SharedSchemas {
  const source = isObject(schemas) ? schemas : {}
  const all: Record<string, Json> = Object.fromEntries(Object.entries(source).map(([name, schema]) => [name, moveRefs(schema, known)]))
  const own = new Set<Json>(Object.values(all).filter(isObject))
  const uses = new Map(Object.entries(source).map(([name, schema]) => [name, namesIn(schema)]))
  let added = false

  function known(ref: string): string {
    const name = ref.slice(prefix.length)
    return ref.startsWith(prefix) && Object.hasOwn(source, name) ? `#/$defs/${name}` : ref
  }
  function link(schema: Json): Json {
    if (!isObject(schema)) return schema
    const names = closure(namesIn(schema), uses)
    if (names.size === 0) return schema
    const defs = Object.fromEntries([...names].map(name => [name, all[name] as Json]))
    return { ...(moveRefs(schema, known) as JsonObject), $defs: { ...(schema.$defs as JsonObject | undefined), ...defs } }
  }
  function detach(schema: JsonObject): JsonObject {
    const { $defs, ...rest } = schema
    if (!isObject($defs) || !Object.values($defs).some(each => own.has(each))) return schema
    if (!added) ajv.addSchema({ $id: id, $defs: all })
    added = true
    const kept = Object.fromEntries(Object.entries($defs).filter(([, each]) => !own.has(each)))
    const away = (ref: string) => (ref.startsWith('#/$defs/') && !Object.hasOwn(kept, ref.split('/')[2] ?? '') ? `${id}${ref}` : ref)
    return { ...(moveRefs(rest, away) as JsonObject), ...(Object.keys(kept).length > 0 ? { $defs: moveRefs(kept, away) } : {}) }
  }
  const linkHeld = (part: Json): Json => {
    if (!isObject(part)) return part
    const changed: Record<string, Json> = { ...part }
    for (const key of holders) {
      const held = part[key]
      if (isObject(held) && held.schema !== undefined) changed[key] = { ...held, schema: link(held.schema) }
    }
    return changed
  }
  const linkData = (error: Json): Json => (isObject(error) && error.data !== undefined ? { ...error, data: link(error.data) } : error)
  function linkAction(action: Json): Json {
    if (!isObject(action) || uses.size === 0) return action
    const changed: Record<string, Json> = { ...(linkHeld(action) as JsonObject) }
    for (const key of ['input', 'output']) if (action[key] !== undefined) changed[key] = link(action[key])
    if (action.probe !== undefined) changed.probe = linkHeld(action.probe)
    if (isObject(action.errors))
      changed.errors = Object.fromEntries(Object.entries(action.errors).map(([code, each]) => [code, linkData(each)]))
    return changed
  }
  return { link, linkAction, detach, all, isShared: schema => own.has(schema), sizes: new Map() }
}

const isRef = (key: string, member: Json): member is string => key === '$ref' && typeof member === 'string'

function moveRefs(value: Json, move: (ref: string) => string): Json {
  if (Array.isArray(value)) return value.map(item => moveRefs(item, move))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, isRef(key, member) ? move(member) : moveRefs(member, move)]))
}

function namesIn(value: Json, found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(value)) for (const item of value) namesIn(item, found)
  else if (isObject(value))
    for (const [key, member] of Object.entries(value)) {
      if (!isRef(key, member)) namesIn(member, found)
      else if (member.startsWith(prefix)) found.add(member.slice(prefix.length))
    }
  return found
}

function closure(start: ReadonlySet<string>, uses: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const found = new Set<string>()
  const queue = [...start]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const next = uses.get(name)
    if (next === undefined || found.has(name)) continue
    found.add(name)
    queue.push(...next)
  }
  return found
}
