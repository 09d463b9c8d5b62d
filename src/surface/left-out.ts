/** Where an action is missing, and why: for the state of its bot, and for `retrofit check`. */
import type { Action } from '../core/types.ts'
import { compileTool, type Tool } from './compile-tool.ts'
import type { Dialect } from './dialect.ts'
import { failureOf } from './isolate.ts'
import { schemasOf } from './openapi.ts'
import { schema30 } from './openapi-30.ts'

export interface LeftOut {
  /** `openapi`, `openapi-3.0`, or a format of GET /tools. */
  readonly from: string
  readonly reason: string
}

type Compile = (action: Action, dialect: Dialect) => Tool

/** What one of them takes all of them take. */
const alike: Readonly<Partial<Record<Dialect, readonly Dialect[]>>> = {
  mcp: ['openai', 'openai-responses', 'anthropic', 'mcp'],
  gemini: ['gemini']
}

/** Found once for each version of an action. */
const known = new WeakMap<Action, readonly LeftOut[]>()

export function leftOutOf(action: Action, compile: Compile = compileTool): readonly LeftOut[] {
  const places = known.get(action) ?? look(action, compile)
  known.set(action, places)
  return places
}

function look(action: Action, compile: Compile): readonly LeftOut[] {
  const tools = (Object.entries(alike) as [Dialect, readonly Dialect[]][]).flatMap(([dialect, formats]) => {
    const { definition, notes } = compile(action, dialect)
    const reason = notes.find(({ kind }) => kind === 'left_out')?.did ?? 'left out'
    return definition === undefined ? formats.map(from => ({ from, reason })) : []
  })
  const documents = { openapi: () => schemasOf(action), 'openapi-3.0': () => schemasOf(action).map(([, schema]) => schema30(schema)) }
  const missing = Object.entries(documents).flatMap(([from, make]) => {
    const reason = failureOf(make)
    return reason === undefined ? [] : [{ from, reason: `left out: ${reason}` }]
  })
  return [...tools, ...missing]
}
