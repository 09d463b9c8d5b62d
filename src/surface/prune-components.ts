import type { Json, JsonObject } from '../core/types.ts'

/** Leaves out the components that nothing refers to: a reader with few scopes gets a short document. */
export function pruneComponents(document: JsonObject): JsonObject {
  const { components, ...rest } = document
  const all = components as { readonly [kind: string]: JsonObject }
  const wanted = new Set<string>()
  const queue: Json[] = [rest]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const reference of referencesIn(next)) {
      if (wanted.has(reference)) continue
      wanted.add(reference)
      const [kind = '', name = ''] = reference.split('/')
      const component = all[kind]?.[name]
      if (component !== undefined) queue.push(component)
    }
  }
  const kept = Object.entries(all).map(
    ([kind, members]) => [kind, kind === 'securitySchemes' ? members : pick(kind, members, wanted)] as const
  )
  return { ...rest, components: Object.fromEntries(kept.filter(([, members]) => Object.keys(members).length > 0)) }
}

const pick = (kind: string, members: JsonObject, wanted: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([name]) => wanted.has(`${kind}/${name}`)))

/** `schemas/Run` for each `$ref: '#/components/schemas/Run…'`. */
function referencesIn(value: Json): readonly string[] {
  if (value === null || typeof value !== 'object') return []
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(referencesIn)
  return Object.entries(value as JsonObject).flatMap(([name, member]) => {
    const match = name === '$ref' && typeof member === 'string' ? /^#\/components\/(\w+\/[^/]+)/.exec(member) : null
    return match === null ? referencesIn(member) : [match[1] as string]
  })
}
