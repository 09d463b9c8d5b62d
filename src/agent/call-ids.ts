/** Ids of tool calls, as the contract of an inference wants them: some endpoints send none, or the same one twice. */
import type { ToolCall } from './agent.ts'

export function withOwnIds<T extends ToolCall>(calls: readonly T[]): readonly T[] {
  const taken = new Set<string>()
  return calls.map((call, index) => {
    const wanted = call.id === '' ? `call_${index}` : call.id
    const id = taken.has(wanted) ? `${wanted}_${index}` : wanted
    taken.add(id)
    return { ...call, id }
  })
}
