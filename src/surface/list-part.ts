/** A list → what a provider takes as one. */
import type { Json, JsonObject } from '../core/types.ts'
import type { Compiling, Part } from './compile-schema.ts'
import { decodeList, unchanged } from './decode.ts'
import { same } from './flatten.ts'
import { described, type NodePlace } from './node-part.ts'
import { withNull } from './null.ts'
import { partOf } from './reference-part.ts'

type Made = Omit<Part, 'nullable'>

export function listPart(compiling: Compiling, node: JsonObject, place: NodePlace): Made {
  const at = (path: string) => ({ pointer: `${place.pointer}/${path}`, stack: place.stack })
  const first = ((node.prefixItems ?? []) as readonly Json[]).map((item, i) => partOf(compiling, item, at(`prefixItems/${i}`)))
  const hasOthers = node.items !== false && (node.items !== undefined || first.length === 0)
  const others = hasOthers ? partOf(compiling, node.items ?? true, at('items')) : undefined
  const schemas = [...first, ...(others === undefined ? [] : [others])].map(part =>
    part.nullable ? withNull(part.schema, compiling.profile) : part.schema
  )
  const different = schemas.filter((schema, i) => schemas.findIndex(other => same(schema, other)) === i)
  // No provider takes a list without items, also not one that is always empty.
  const items = different.length === 0 ? { type: 'string' } : different.length === 1 ? (different[0] as JsonObject) : { anyOf: different }
  const decodes = [...first, ...(others === undefined ? [] : [others])].map(({ decode }) => decode)
  return {
    schema: described(compiling, node, {
      ...place,
      schema: { type: 'array', items, ...(different.length === 0 ? { description: 'Always empty.' } : {}) },
      done: []
    }),
    decode: decodes.every(decode => decode === unchanged)
      ? unchanged
      : decodeList(
          first.map(({ decode }) => decode),
          others?.decode ?? unchanged
        )
  }
}
