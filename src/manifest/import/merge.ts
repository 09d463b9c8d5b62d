/** Importing again: what a person changed stays, what the contract changed comes in. */
import { own } from '../../core/own.ts'
import type { Json, JsonObject } from '../../core/types.ts'

const isMap = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const same = (one: Json | undefined, other: Json | undefined): boolean => JSON.stringify(one) === JSON.stringify(other)

/** Where both sides changed: these are the person's, all others the contract's. */
const personal: ReadonlySet<string> = new Set([
  ...[
    'title',
    'description',
    'effect',
    'scopes',
    'idempotency',
    'probe',
    'retry',
    'timeouts',
    'settle',
    'rerun',
    'example',
    'commit',
    'status',
    'hint',
    'version',
    'owner'
  ],
  ...[
    'notApplied',
    'url',
    'credentials',
    'concurrency',
    'waiting',
    'egress',
    'auth',
    'tls',
    'gzip',
    'security',
    'addressing',
    'headers',
    'secured',
    'wsaAction',
    'env',
    'limits',
    'timeout',
    'x-sensitive',
    'x-session',
    'x-untrusted',
    'errors',
    'when',
    'body',
    'result'
  ]
])

/** `before`: what the last import wrote; undefined when nobody knows: then only what is personal is kept. */
export function mergeManifests(before: JsonObject | undefined, mine: JsonObject, theirs: JsonObject): JsonObject {
  return before === undefined ? withPersonal(mine, theirs) : (merged(before, mine, theirs, '') as JsonObject)
}

function merged(before: Json | undefined, mine: Json | undefined, theirs: Json | undefined, key: string): Json | undefined {
  if (same(before, mine)) return theirs
  if (same(before, theirs) || same(mine, theirs)) return mine
  if (isMap(mine) && isMap(theirs)) {
    const old = isMap(before) ? before : {}
    const keys = [...new Set([...Object.keys(theirs), ...Object.keys(mine)])]
    const entries = keys.map(name => [name, merged(own(old, name), own(mine, name), own(theirs, name), name)] as const)
    return Object.fromEntries(entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined))
  }
  return personal.has(key) ? mine : theirs
}

function withPersonal(mine: JsonObject, theirs: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...theirs }
  for (const [key, value] of Object.entries(mine)) {
    const other = own(theirs, key)
    if (isMap(value) && isMap(other)) result[key] = withPersonal(value, other)
    else if (personal.has(key)) result[key] = value
  }
  return result
}
