/** The places of a schema, each worked out once: a value is walked on every call, its schema never changes. */
import { expand, isObject, itemSchemas, memberSchemas } from './schema-at.ts'
import type { Json, JsonSchema } from './types.ts'

export interface Place {
  /** All that describe a value here. */
  readonly schemas: readonly JsonSchema[]
  /** Of members that the schemas name. */
  readonly names: ReadonlySet<string>
  /** What the keyword says here, of all schemas that say something. */
  marks(keyword: string): readonly Json[]
  /** Whether it says anything here or at any place below. */
  leadsTo(keyword: string): boolean
  member(name: string): Place
  item(index: number): Place
  /** The places of its members and items. */
  below(): Iterable<Place>
}

/** Places that the same schemas describe are one, so a schema that refers to itself has no more of them than a flat one. */
export class Places {
  private readonly root: JsonSchema
  private readonly ids = new Map<JsonSchema, number>()
  private readonly known = new Map<string, Place>()

  constructor(root: JsonSchema) {
    this.root = root
  }

  of(schemas: readonly JsonSchema[]): Place {
    const all = expand(this.root, schemas)
    const key = all.map(schema => this.id(schema)).join()
    const place = this.known.get(key) ?? placeOf(this, all)
    this.known.set(key, place)
    return place
  }

  private id(schema: JsonSchema): number {
    const id = this.ids.get(schema) ?? this.ids.size
    this.ids.set(schema, id)
    return id
  }
}

/** Only names and indexes that the schemas name are kept: a value may have any number of others, and all of them are one place. */
function placeOf(places: Places, all: readonly JsonSchema[]): Place {
  const named = new Set(all.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])))
  const listed = Math.max(0, ...all.map(({ prefixItems }) => (Array.isArray(prefixItems) ? prefixItems.length : 0)))
  const marks = once(
    (keyword: string) => all.map(schema => schema[keyword]).filter(mark => mark !== undefined && mark !== false) as readonly Json[]
  )
  const member = once((name: string | undefined) => places.of(memberSchemas(all, name)))
  const item = once((index: number) => places.of(itemSchemas(all, index)))
  const below = function* (): Iterable<Place> {
    for (const name of [undefined, ...named]) yield member(name)
    for (let index = 0; index <= listed; index += 1) yield item(index)
  }
  const place: Place = {
    schemas: all,
    names: named,
    marks,
    leadsTo: once((keyword: string) => leadsTo(keyword, place)),
    below,
    member: name => member(named.has(name) ? name : undefined),
    item: index => item(Math.min(index, listed))
  }
  return place
}

/** Places may lead back to themselves. */
function leadsTo(keyword: string, from: Place): boolean {
  const seen = new Set([from])
  for (const place of seen) {
    if (place.marks(keyword).length > 0) return true
    for (const next of place.below()) seen.add(next)
  }
  return false
}

function once<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>()
  return key => {
    const before = known.get(key)
    if (before !== undefined) return before
    const value = make(key)
    known.set(key, value)
    return value
  }
}
