/** Where the expressions of a manifest stand. */
import type { JsonObject } from '../core/types.ts'
import type { Path } from './issue.ts'
import { isObject } from './schema-walk.ts'

export interface Text {
  readonly path: Path
  readonly text: string
}

/** Parts of an action that hold no expressions. */
const plainKeys: ReadonlySet<string> = new Set(['title', 'description', 'input', 'output', 'example', 'scopes'])

/** Every text that may hold expressions, whichever adapter reads it. */
export function textsWithExpressions(raw: JsonObject): readonly Text[] {
  const found: Text[] = []
  const visit = (value: unknown, path: Path): void => {
    if (typeof value === 'string') found.push({ path, text: value })
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...path, index])
    else if (isObject(value)) for (const [key, member] of Object.entries(value)) visit(member, [...path, key])
  }
  visit(raw.target, ['target'])
  for (const [name, action] of Object.entries(isObject(raw.actions) ? raw.actions : {}))
    for (const [key, member] of Object.entries(isObject(action) ? action : {}))
      if (!plainKeys.has(key)) visit(member, ['actions', name, key])
  return found.filter(({ text }) => text.includes('{{'))
}
