/** Declares what any request may be answered, whatever it asks for: a parameter that nobody knows, its origin, its length, what it expects. */
import type { Json, JsonObject } from '../core/types.ts'

const refused = { '400': { $ref: '#/components/responses/BadRequest' }, default: { $ref: '#/components/responses/Refused' } } as const

/** `paths` of a document, each operation with these answers. */
export const withRefused = (paths: JsonObject): JsonObject => eachMember(paths, item => eachMember(item as JsonObject, declared))

const eachMember = (object: JsonObject, change: (member: Json) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, member]) => [name, change(member)]))

/** What else a path has, its parameters, has no answers. */
function declared(member: Json): Json {
  const operation = member as { readonly responses?: JsonObject }
  return operation.responses === undefined ? member : { ...(member as JsonObject), responses: { ...refused, ...operation.responses } }
}
