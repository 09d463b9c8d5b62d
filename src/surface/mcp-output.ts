/** What `tools/call` may answer: the action's output or, when it takes longer than a client waits, that it is still running, or a part of it. */
import type { Json, JsonObject } from '../core/types.ts'

/** Shape of a run that has not ended, or of whose output there is a part (`part`) alone: `next` says in words what to call then. */
export const pendingSchema: JsonObject = {
  type: 'object',
  title: 'Still running',
  required: ['runId', 'status', 'next'],
  properties: {
    runId: { type: 'string' },
    status: { enum: ['queued', 'working', 'input_required', 'completed'] },
    pollAfterMs: { type: 'integer', description: 'When it is worth to look again, in milliseconds.' },
    next: { type: 'string' }
  }
}

/** Undefined where the two can not stand in one schema: references of the output would lead elsewhere. */
export function withPending(output: JsonObject): JsonObject | undefined {
  const { $defs, ...own } = output
  if (
    output.type !== 'object' ||
    !refsOf(own)
      .concat(refsOf($defs ?? {}))
      .every(ref => ref.startsWith('#/$defs/'))
  )
    return undefined
  return { type: 'object', anyOf: [own, pendingSchema], ...($defs === undefined ? {} : { $defs }) }
}

function refsOf(value: Json): string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(refsOf)
  if (typeof value !== 'object' || value === null) return []
  const { $ref } = value as JsonObject
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(value as JsonObject).flatMap(refsOf)]
}
