/** An output as a model may read it: without secrets, and with a box around each part that somebody else wrote (`x-untrusted`). */
import { replaceMarked } from '../core/marked.ts'
import type { Place } from '../core/places.ts'
import { isObject } from '../core/schema-at.ts'
import type { Json, JsonObject, JsonSchema } from '../core/types.ts'

export interface Readable {
  readonly value: Json
  readonly boxes: Boxes
}

/** Objects that stand for untrusted parts of the value. */
export type Boxes = Map<JsonObject, Boxed>
export interface Boxed {
  readonly value: Json
  readonly place: Place
}

/** Stands for a secret. */
export const hiddenSecret = '***'

/** `schema`: of the whole output, also when only some of its fields are there. */
export function readable(output: Json, schema: JsonSchema): Readable {
  const boxes: Boxes = new Map()
  const value = replaceMarked(schema, withoutSecrets(output, schema), {
    keyword: 'x-untrusted',
    replace: (inside, _, place) => boxed({ value: inside, place }, boxes)
  })
  return { value, boxes }
}

/** As it is, for programs. */
export const unmarked = (value: Json): Readable => ({ value, boxes: new Map() })

/** A PIN or a token is nothing that a model needs to read. */
const withoutSecrets = (output: Json, schema: JsonSchema): Json =>
  replaceMarked(schema, output, { keyword: 'x-sensitive', replace: (value, marks) => (isSecret(marks) ? hiddenSecret : value) })

export const isSecret = (marks: readonly Json[]): boolean => marks.includes('secret')

/** Only texts can say something to a model. */
export function boxed(inside: Boxed, boxes: Boxes): Json {
  const { value } = inside
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  const box = {}
  boxes.set(box, inside)
  return box
}

export const boxAt = (value: Json, boxes: Boxes): Boxed | undefined => (isObject(value) ? boxes.get(value) : undefined)

/** Another value in the same box, where there is one. */
export function inBox(before: Json, value: Json, boxes: Boxes): Json {
  const box = boxAt(before, boxes)
  return box === undefined ? value : boxed({ value, place: box.place }, boxes)
}
