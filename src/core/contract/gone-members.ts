/** Members that one version declares and the other does not, whichever branch declares them. */
import type { Json } from '../types.ts'
import { namesOf } from './members.ts'
import { inPlace, inside, isMap, mapOf, pointerOf, type Spot } from './spot.ts'

export interface GoneMember {
  readonly name: string
  readonly pointer: string
  readonly was: Json
  /** The new version takes no such member at all. */
  readonly isRefused: boolean
}

export function goneMembers(before: readonly Spot[], after: readonly Spot[], seen = new Set<string>()): readonly GoneMember[] {
  const [old, now] = [inPlace(before), inPlace(after)]
  const pair = [...before, ...after].map(({ path }) => path).join(' ')
  if (old.length === 0 || now.length === 0 || seen.has(pair)) return []
  seen.add(pair)
  const known = new Set(namesOf(now))
  const isOpen = now.some(saysOfOthers)
  const isRefused = now.some(({ schema }) => mapOf(schema).additionalProperties === false || mapOf(schema).unevaluatedProperties === false)
  const isObject = now.some(({ schema }) => isMap(schema) && schema.properties !== undefined) || isRefused || now.some(takesObjects)
  const members = isObject
    ? namesOf(old).flatMap(name => ofMember(name, { old, now, isKnown: known.has(name) || isOpen, isRefused, seen }))
    : []
  return [...members, ...goneMembers(old.flatMap(itemsOf), now.flatMap(itemsOf), seen)]
}

/** Members that no `properties` names have a schema of their own, or are let through in so many words. */
const saysOfOthers = ({ schema }: Spot): boolean => {
  const { additionalProperties, patternProperties } = mapOf(schema)
  return (additionalProperties !== undefined && additionalProperties !== false) || Object.keys(mapOf(patternProperties)).length > 0
}

const takesObjects = ({ schema }: Spot): boolean => [mapOf(schema).type].flat().includes('object')

interface Member {
  readonly old: readonly Spot[]
  readonly now: readonly Spot[]
  readonly isKnown: boolean
  readonly isRefused: boolean
  readonly seen: Set<string>
}

function ofMember(name: string, { old, now, isKnown, isRefused, seen }: Member): readonly GoneMember[] {
  const declared = old.flatMap(spot => inside(spot, 'properties', name) ?? [])
  const first = declared.find(({ schema }) => schema !== false)
  if (first === undefined) return []
  if (!isKnown) return [{ name, pointer: pointerOf(first), was: first.schema, isRefused }]
  return goneMembers(
    declared,
    now.flatMap(spot => inside(spot, 'properties', name) ?? []),
    seen
  )
}

const itemsOf = (spot: Spot): readonly Spot[] => [
  ...[inside(spot, 'items')].filter(each => each !== undefined),
  ...(Array.isArray(mapOf(spot.schema).prefixItems)
    ? (mapOf(spot.schema).prefixItems as readonly Json[]).flatMap((_, index) => inside(spot, 'prefixItems', index) ?? [])
    : [])
]
