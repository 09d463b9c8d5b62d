import { own } from '../core/own.ts'
import type { Json, JsonObject } from '../core/types.ts'

/** Leaves out the components that nothing refers to: a reader with few scopes gets a short document. */
export function pruneComponents(document: JsonObject): JsonObject {
  const { components, ...rest } = document
  const all = components as { readonly [kind: string]: JsonObject }
  const wanted = new Set<string>()
  const queue: Json[] = [rest]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    eachReference(next, reference => {
      if (wanted.has(reference)) return
      wanted.add(reference)
      const [kind = '', name = ''] = reference.split('/')
      const component = own(own(all, kind) ?? {}, name)
      if (component !== undefined) queue.push(component)
    })
  }
  const kept = Object.entries(all).map(
    ([kind, members]) => [kind, kind === 'securitySchemes' ? members : pick(kind, members, wanted)] as const
  )
  return { ...rest, components: Object.fromEntries(kept.filter(([, members]) => Object.keys(members).length > 0)) }
}

const pick = (kind: string, members: JsonObject, wanted: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([name]) => wanted.has(`${kind}/${name}`)))

/** `schemas/Run` for each `$ref: '#/components/schemas/Run…'`. */
function eachReference(value: Json, found: (reference: string) => void): void {
  if (value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) eachReference(item, found)
    return
  }
  for (const [name, member] of Object.entries(value as JsonObject)) {
    const match = name === '$ref' && typeof member === 'string' ? /^#\/components\/(\w+\/[^/]+)/.exec(member) : null
    if (match === null) eachReference(member, found)
    else found(match[1] as string)
  }
}
