/**
 * Tools that a provider keeps out of the model's context until its own search finds them (`defer_loading`), with the search itself where
 * the provider wants it in the same list. Chat completions have no such search of OpenAI's own; hosts that have one take the mark.
 */
import type { JsonObject } from '../core/types.ts'
import type { Dialect } from './dialect.ts'

const deferred = (tools: readonly JsonObject[]): readonly JsonObject[] => tools.map(tool => ({ ...tool, defer_loading: true }))

const ways: Partial<Record<Dialect, (tools: readonly JsonObject[]) => readonly JsonObject[]>> = {
  openai: deferred,
  'openai-responses': tools => [{ type: 'tool_search' }, ...deferred(tools)],
  // A request in which all tools are deferred is refused: the search is the one that is not.
  anthropic: tools => [{ type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' }, ...deferred(tools)]
}

export const deferringDialects = Object.keys(ways) as readonly Dialect[]

/** No tools, no search. Undefined: the provider knows nothing of the kind. */
export const deferLoading = (tools: readonly JsonObject[], dialect: Dialect): readonly JsonObject[] | undefined =>
  tools.length === 0 ? tools : ways[dialect]?.(tools)
