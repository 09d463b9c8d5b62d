/** An output as JSON for a model: secrets are `***`, and each text that somebody else wrote stands in «», as in the text. */
import type { Place } from '../core/places.ts'
import { isObject } from '../core/schema-at.ts'
import type { Json, JsonSchema } from '../core/types.ts'
import { boxAt, type Readable, readable } from './readable.ts'
import { untrusted } from './text-twin.ts'

export const forModels = (output: Json, schema: JsonSchema): Json => unboxed(readable(output, schema))

/** The boxes opened; the value itself where there are none. */
export const unboxed = ({ value, boxes }: Readable): Json => (boxes.size === 0 ? value : open(value, boxes))

function open(value: Json, boxes: Readable['boxes']): Json {
  const box = boxAt(value, boxes)
  if (box !== undefined) return foreign(box.value, box.place)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(item => open(item, boxes))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, open(member, boxes)]))
}

/** Names too, unless the author of the action gave them. */
function foreign(value: Json, place: Place): Json {
  if (typeof value === 'string') return untrusted(value)
  if (Array.isArray(value)) return (value as readonly Json[]).map((item, index) => foreign(item, place.item(index)))
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([name, member]): [string, Json] => [
    isGiven(name, place) ? name : untrusted(name),
    foreign(member, place.member(name))
  ])
  return Object.fromEntries(members)
}

const isGiven = (name: string, { names, schemas }: Place): boolean =>
  names.has(name) || schemas.some(({ required }) => Array.isArray(required) && (required as readonly Json[]).includes(name))
