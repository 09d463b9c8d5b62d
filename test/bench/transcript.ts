/** What a model reads and writes in a conversation, in tokens. */
import type { CountTokens } from '../../src/surface/count-tokens.ts'

export interface Exchange {
  /** What the model writes: `{"name", "arguments"}`. */
  readonly call: string
  /** What it reads. */
  readonly result: string
}

export interface Transcript {
  /** What the user asks for, with what the model has to know to do it. */
  readonly task: string
  /** The value of `tools` in a request. */
  readonly definitions: string
  readonly exchanges: readonly Exchange[]
}

export interface Cost {
  readonly prompt: number
  readonly definitions: number
  readonly results: number
  readonly calls: number
  /** Everything once. */
  readonly once: number
  /** As the models work: every turn reads again all that was said so far, the last one to give the answer. */
  readonly read: number
  readonly turns: number
}

/** With what the model is told before all else. */
export interface Prompted extends Transcript {
  readonly prompt: string
}

export function costOf({ prompt, task, definitions, exchanges }: Prompted, count: CountTokens): Cost {
  const start = count(prompt) + count(task) + count(definitions)
  const parts = exchanges.map(({ call, result }) => ({ call: count(call), result: count(result) }))
  const calls = parts.reduce((sum, { call }) => sum + call, 0)
  const results = parts.reduce((sum, { result }) => sum + result, 0)
  let context = start
  let read = start
  for (const { call, result } of parts) {
    context += call + result
    read += context
  }
  const once = start + results + calls
  return { prompt: count(prompt), definitions: count(definitions), results, calls, once, read: read + calls, turns: exchanges.length + 1 }
}
