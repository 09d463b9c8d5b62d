/** What schemas say about the members of an object. */
import { compilePattern } from '../schema.ts'
import { has, inside, isMap, mapOf, type Spot } from './spot.ts'

const named = new Map<string, ((name: string) => boolean) | undefined>()

function matches(pattern: string, name: string): boolean {
  if (!named.has(pattern)) named.set(pattern, testOf(pattern))
  if (named.size > 1_000) named.clear()
  return named.get(pattern)?.(name) ?? testOf(pattern)?.(name) ?? false
}

function testOf(pattern: string): ((name: string) => boolean) | undefined {
  try {
    return compilePattern(pattern).test
  } catch {
    return undefined
  }
}

/** What one schema says about the member of this name; empty: nothing. */
export function memberOf(spot: Spot, name: string): readonly Spot[] {
  const { properties, patternProperties } = mapOf(spot.schema)
  const own = has(mapOf(properties), name) ? inside(spot, 'properties', name) : undefined
  const byPattern = Object.keys(mapOf(patternProperties)).filter(pattern => matches(pattern, name))
  const found = [own, ...byPattern.map(pattern => inside(spot, 'patternProperties', pattern))].filter(each => each !== undefined)
  if (found.length > 0) return found
  return [inside(spot, 'additionalProperties')].filter(each => each !== undefined)
}

export const membersOf = (spots: readonly Spot[], name: string): readonly Spot[] => spots.flatMap(spot => memberOf(spot, name))

export const namesOf = (spots: readonly Spot[]): readonly string[] => [
  ...new Set(spots.flatMap(({ schema }) => Object.keys(mapOf(mapOf(schema).properties))))
]

/** Names that must be there. Where an input has a default, it need not be sent. */
export function requiredOf(spots: readonly Spot[], direction: 'input' | 'output'): readonly string[] {
  const all = spots.flatMap(({ schema }) => (isMap(schema) && Array.isArray(schema.required) ? schema.required.map(String) : []))
  return [...new Set(all)].filter(name => direction === 'output' || !hasDefault(spots, name))
}

export function hasDefault(spots: readonly Spot[], name: string): boolean {
  return spots.some(spot => mapOf(inside(spot, 'properties', name)?.schema).default !== undefined)
}
