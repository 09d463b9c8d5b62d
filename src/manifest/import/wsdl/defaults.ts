/** The namespace that most elements are in, which then need not say theirs. */
import type { Operation } from './model.ts'
import type { SchemaSet } from './schema-set.ts'

export interface Defaults {
  /** Undefined: there is no one namespace. */
  readonly defaultUri: string | undefined
  readonly elementForm: 'qualified' | 'unqualified'
}

export function chooseDefaults(operations: readonly Operation[], set: SchemaSet): Defaults {
  if (operations.some(({ style }) => style === 'rpc')) return { defaultUri: '', elementForm: 'unqualified' }
  const names = operations.flatMap(({ input, output }) =>
    [input, output].flatMap(message => message?.parts.map(({ element }) => element) ?? [])
  )
  const uris = new Set(names.map(name => name?.uri))
  const [uri] = uris
  const simple = operations.every(({ input, output }) => input.parts.length === 1 && (output === undefined || output.parts.length === 1))
  if (!simple || uris.size !== 1 || uri === undefined) return { defaultUri: undefined, elementForm: 'qualified' }
  const [first] = names
  const qualified = first === undefined || set.find('element', first)?.context.elementsQualified !== false
  return { defaultUri: qualified ? uri : '', elementForm: qualified ? 'qualified' : 'unqualified' }
}
