/**
 * A catalogue that is too large for one prompt: the model gets a tool that finds actions, and may call those that it found from the
 * next turn on, with their own definitions.
 */
import type { JsonObject } from '../core/types.ts'
import type { ActionExecution, AgentTool, Inference, Outcome, Parts, ReadyCall } from './agent.ts'

export interface SearchOptions {
  readonly parts: Parts
  /** All that there are. */
  readonly tools: readonly AgentTool[]
  /** Best first. */
  find(query: string): Promise<readonly AgentTool[]>
  readonly mostTools: number
}

export interface Searched {
  readonly parts: Parts
  /** What the model may call now: it grows with each search, and the oldest go when they are too many. */
  readonly tools: readonly AgentTool[]
}

export function withSearch({ parts, tools, find, mostTools }: SearchOptions): Searched {
  const search = searchTool(tools, parts.inference.format)
  const shown: AgentTool[] = [search]
  const show = (found: readonly AgentTool[]): void => {
    const names = new Set(found.map(({ name }) => name))
    const kept = [...shown.slice(1).filter(({ name }) => !names.has(name)), ...found]
    shown.splice(1, shown.length, ...kept.slice(-mostTools))
  }
  const execution: ActionExecution = {
    execute: (call, options) =>
      call.tool === search ? found(call, { find, show, of: tools.length }) : parts.execution.execute(call, options)
  }
  return { parts: { ...parts, execution }, tools: shown }
}

interface Finding {
  readonly find: SearchOptions['find']
  readonly show: (found: readonly AgentTool[]) => void
  /** How many there are. */
  readonly of: number
}

async function found({ input }: ReadyCall, { find, show, of }: Finding): Promise<Outcome> {
  const query = typeof input.query === 'string' ? input.query.slice(0, 4_000) : ''
  if (query.trim() === '') return failed('invalid_input', 'query must be a text: what should be done, in a few words.')
  try {
    const tools = await find(query)
    show(tools)
    const text = tools.length === 0 ? `None of ${of} actions fits; try other words.` : `You can call these now:\n${linesOf(tools)}`
    return { ok: true, effect: 'none', text }
  } catch (error) {
    return failed('search_failed', (error as Error).message)
  }
}

const failed = (code: string, detail: string): Outcome => ({
  ok: false,
  code,
  effect: 'none',
  text: JSON.stringify({ error: code, detail })
})

const linesOf = (tools: readonly AgentTool[]): string => tools.map(({ name, title }) => `${name}: ${title}`).join('\n')

/** An action that bears its name keeps it. */
function searchTool(tools: readonly AgentTool[], format: Inference['format']): AgentTool {
  const taken = new Set(tools.map(({ name }) => name))
  const name = taken.has('search_actions') ? 'retrofit_search_actions' : 'search_actions'
  const definition = {
    name,
    description: `Finds the actions that fit what should be done, of ${tools.length} that there are. You can call those that it names in your next turn. Search before you say that something can not be done.`,
    parameters: {
      type: 'object',
      properties: { query: { type: 'string', description: 'What should be done, in a few words.' } },
      required: ['query'],
      additionalProperties: false
    },
    strict: false
  } satisfies JsonObject
  const wire = format === 'openai' ? { type: 'function', function: definition } : { type: 'function', ...definition }
  return { name, title: 'Find actions', effect: 'read', definition: wire }
}
