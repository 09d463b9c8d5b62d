/** Notices a model that reads the same thing again and again: nothing of it is new, and each time costs a turn. */
import { canonicalJson } from '../core/canonical-json.ts'
import type { ReadyCall } from './agent.ts'

/** So often is still a second look. */
const most = 2

export interface Repeats {
  /** Counts the call; answers what to say with its result, if anything. Whatever changes something begins the count anew. */
  note(call: ReadyCall): string | undefined
}

/** For one question. */
export function createRepeats(): Repeats {
  const seen = new Map<string, number>()
  return {
    note({ tool, input }) {
      if (tool.effect !== 'read') {
        seen.clear()
        return undefined
      }
      const same = `${tool.name} ${canonicalJson(input)}`
      const times = (seen.get(same) ?? 0) + 1
      seen.set(same, times)
      return times > most ? noteOf(tool.name, times) : undefined
    }
  }
}

const noteOf = (name: string, times: number): string =>
  `[You have called ${name} with the same arguments ${times} times for this question, and have changed nothing in between. Do not call it so again: answer with what you have, call with other arguments, or ask the person.]`
