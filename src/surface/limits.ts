/** How large a compiled schema is, against what a provider takes. */
import type { Json, JsonObject } from '../core/types.ts'
import type { Limits } from './dialect.ts'
import { isObject } from './flatten.ts'

interface Size {
  properties: number
  levels: number
  nameCharacters: number
  enumValues: number
  longEnumCharacters: number
}

/** In words, each limit that is passed. */
export function beyond(schema: JsonObject, limits: Limits): readonly string[] {
  const size: Size = { properties: 0, levels: 0, nameCharacters: 0, enumValues: 0, longEnumCharacters: 0 }
  measure(schema, { size, level: 0, longEnum: limits.longEnum })
  return (Object.keys(size) as (keyof Size)[])
    .filter(key => size[key] > limits[key])
    .map(key => `${said[key]}: ${size[key]} of at most ${limits[key]}`)
}

const said: Readonly<Record<keyof Size, string>> = {
  properties: 'properties',
  levels: 'levels of objects and lists',
  nameCharacters: 'characters in names and values',
  enumValues: 'enum values',
  longEnumCharacters: 'characters in one long enum'
}

interface Measuring {
  readonly size: Size
  readonly level: number
  readonly longEnum: number
}

function measure(value: Json, { size, level, longEnum }: Measuring): void {
  if (!isObject(value)) return
  const isNest = value.properties !== undefined || value.items !== undefined
  const here = { size, longEnum, level: isNest ? level + 1 : level }
  size.levels = Math.max(size.levels, here.level)
  measureValues(value, size, longEnum)
  for (const group of [value.properties, value.$defs]) {
    const entries = Object.entries((group ?? {}) as JsonObject)
    size.nameCharacters += entries.reduce((sum, [name]) => sum + name.length, 0)
    if (group === value.properties) size.properties += entries.length
    for (const [, member] of entries) measure(member, group === value.$defs ? { ...here, level: 0 } : here)
  }
  for (const branch of (value.anyOf ?? []) as readonly Json[]) measure(branch, { ...here, level })
  for (const inside of [value.items, value.additionalProperties]) if (inside !== undefined) measure(inside, here)
}

function measureValues({ enum: values, const: constant }: JsonObject, size: Size, longEnum: number): void {
  const listed = [...((values ?? []) as readonly Json[]), ...(constant === undefined ? [] : [constant])]
  const characters = listed.reduce<number>((sum, value) => sum + String(value).length, 0)
  size.enumValues += Array.isArray(values) ? values.length : 0
  size.nameCharacters += characters
  if (listed.length > longEnum) size.longEnumCharacters = Math.max(size.longEnumCharacters, characters)
}
