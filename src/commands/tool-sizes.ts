/** The cost of each action's definition to a model, in tokens. */
import type { Action } from '../core/types.ts'
import { compileTool } from '../surface/compile-tool.ts'
import { loadTokenCounter } from '../surface/count-tokens.ts'

export interface ToolSize {
  readonly action: string
  readonly tokens: number
}

export async function toolSizes(actions: readonly Action[]): Promise<readonly ToolSize[]> {
  if (actions.length === 0) return []
  const count = await loadTokenCounter()
  return actions.map(action => ({
    action: action.name,
    tokens: count(JSON.stringify(compileTool(action, 'mcp', { strict: true }).definition ?? ''))
  }))
}

const shown = 3

export function sizeLine(sizes: readonly ToolSize[]): string {
  const total = sizes.reduce((sum, { tokens }) => sum + tokens, 0)
  const largest = sizes.toSorted((a, b) => b.tokens - a.tokens).slice(0, shown)
  const some = largest.map(({ action, tokens }) => `${action} ${tokens}`).join(', ')
  return `As tools they cost a model ${total} tokens; the largest ${largest.length === 1 ? 'is' : 'are'} ${some}.`
}
