/** How one version of a bot differs from another, as its callers feel it. */
import { own } from './own.ts'
import type { Json, JsonObject } from './types.ts'

const isMap = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const same = (one: Json | undefined, other: Json | undefined): boolean => JSON.stringify(one) === JSON.stringify(other)

export interface Change {
  readonly breaking: boolean
  /** The action or shared schema that has changed. */
  readonly where: string
  readonly what: string
}

/** How the new contract differs from the old one; breaking changes first. */
export function contractChanges(before: JsonObject, after: JsonObject): readonly Change[] {
  const changes: Change[] = []
  const [old, now] = [before, after].map(({ actions }) => (isMap(actions) ? actions : {})) as [JsonObject, JsonObject]
  for (const name of Object.keys(old))
    if (own(now, name) === undefined) changes.push({ breaking: true, where: name, what: 'the operation is gone' })
  for (const [name, action] of Object.entries(now)) {
    const known = own(old, name)
    if (known === undefined) changes.push({ breaking: false, where: name, what: 'a new operation' })
    else if (isMap(known) && isMap(action)) compareActions(changes, name, known, action)
  }
  const [oldShared, shared] = [before, after].map(({ schemas }) => (isMap(schemas) ? schemas : {})) as [JsonObject, JsonObject]
  for (const [name, schema] of Object.entries(shared))
    if (own(oldShared, name) !== undefined)
      compareSchemas({ changes, where: `schema ${name}`, side: 'both' }, own(oldShared, name), schema, '')
  return changes.sort((a, b) => Number(b.breaking) - Number(a.breaking))
}

function compareActions(changes: Change[], where: string, old: JsonObject, now: JsonObject): void {
  for (const key of ['operation', 'soapAction', 'soap', 'endpoint', 'body', 'encoded'])
    if (!same(old[key], now[key]))
      changes.push({
        breaking: false,
        where,
        what: `${key} is ${JSON.stringify(now[key] ?? null)}, it was ${JSON.stringify(old[key] ?? null)}`
      })
  compareSchemas({ changes, where, side: 'input' }, old.input, now.input, 'input')
  compareSchemas({ changes, where, side: 'output' }, old.output, now.output, 'output')
  compareErrors(changes, where, old.errors, now.errors)
}

function compareErrors(changes: Change[], where: string, old: Json | undefined, now: Json | undefined): void {
  const [known, given] = [old, now].map(each => (isMap(each) ? each : {})) as [JsonObject, JsonObject]
  for (const code of new Set([...Object.keys(known), ...Object.keys(given)])) {
    const [before, after] = [own(known, code), own(given, code)]
    if (isMap(before) && isMap(after)) compareSchemas({ changes, where, side: 'output' }, before.data, after.data, `errors.${code}.data`)
    else changes.push({ breaking: false, where, what: `errors.${code} is ${after === undefined ? 'gone' : 'new'}` })
  }
}

interface Comparing {
  readonly changes: Change[]
  readonly where: string
  readonly side: 'input' | 'output' | 'both'
}

function compareSchemas(comparing: Comparing, old: Json | undefined, now: Json | undefined, path: string): void {
  const { changes, where, side } = comparing
  if (!isMap(old) || !isMap(now)) return
  const say = (breaking: boolean, what: string) => void changes.push({ breaking, where, what: `${path}${what}` })
  for (const key of ['type', '$ref', 'format', 'const'] as const)
    if (!same(old[key], now[key]))
      say(key !== 'format', `: ${key} is ${JSON.stringify(now[key] ?? null)}, it was ${JSON.stringify(old[key] ?? null)}`)
  compareEnums(old.enum, now.enum, (breaking, what) => say(breaking, what), side)
  for (const key of ['pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'] as const)
    if (!same(old[key], now[key]))
      say(
        isTighter(key, old[key], now[key]) && side !== 'output',
        `: ${key} is ${JSON.stringify(now[key] ?? null)}, it was ${JSON.stringify(old[key] ?? null)}`
      )
  for (const key of ['oneOf', 'anyOf', 'allOf', 'not', 'dependentRequired'] as const)
    if (!same(old[key], now[key])) say(true, `: what may stand together is different (${key})`)
  const [oldNeeded, needed] = [old, now].map(({ required }) => new Set(Array.isArray(required) ? required.map(String) : [])) as [
    Set<string>,
    Set<string>
  ]
  const [oldMembers, members] = [old, now].map(({ properties }) => (isMap(properties) ? properties : {})) as [JsonObject, JsonObject]
  for (const [name, member] of Object.entries(oldMembers)) {
    if (own(members, name) === undefined) say(true, `.${name} is gone`)
    else compareSchemas(comparing, member, own(members, name), `${path}.${name}`)
  }
  for (const name of Object.keys(members))
    if (own(oldMembers, name) === undefined)
      say(needed.has(name) && side !== 'output', `.${name} is new${needed.has(name) ? ' and required' : ''}`)
  for (const name of needed)
    if (!oldNeeded.has(name) && own(oldMembers, name) !== undefined) say(side !== 'output', `.${name} is now required`)
  for (const name of oldNeeded)
    if (!needed.has(name) && own(members, name) !== undefined) say(side !== 'input', `.${name} is no longer always there`)
  compareSchemas(comparing, old.items, now.items, `${path}[]`)
}

/** A value that was good before may be refused now. */
function isTighter(key: string, old: Json | undefined, now: Json | undefined): boolean {
  if (now === undefined) return false
  if (old === undefined || key === 'pattern') return true
  return key.startsWith('min') ? Number(now) > Number(old) : Number(now) < Number(old)
}

function compareEnums(
  old: Json | undefined,
  now: Json | undefined,
  say: (breaking: boolean, what: string) => void,
  side: Comparing['side']
): void {
  if (same(old, now)) return
  const [before, after] = [old, now].map(each => (Array.isArray(each) ? (each as readonly Json[]) : [])) as [
    readonly Json[],
    readonly Json[]
  ]
  const gone = before.filter(each => !after.includes(each))
  const fresh = after.filter(each => !before.includes(each))
  if (gone.length > 0 && now !== undefined) say(side !== 'output', `: the values ${gone.join(', ')} are gone`)
  if (fresh.length > 0 && old !== undefined) say(side !== 'input', `: the values ${fresh.join(', ')} are new`)
  if (old === undefined) say(side !== 'output', ': only some values are allowed now')
}
