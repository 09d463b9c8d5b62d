/** A run as the result of a tool. */
import type { CallToolResult } from '@modelcontextprotocol/server'
import { hasEnded } from '../../core/run.ts'
import { isObject } from '../../core/schema-at.ts'
import type { Action, JsonObject, Run } from '../../core/types.ts'
import { hintFor } from '../../surface/hint-for.ts'
import { withPending } from '../../surface/mcp-output.ts'
import { textTwin } from '../../surface/text-twin.ts'
import { type Problem, problemOfError, problemOfRun } from '../problem.ts'
import { partialText, problemText } from '../run-text.ts'
import { pollAfterMs } from '../run-view.ts'
import { artifactUri } from './resources.ts'

const text = (said: string): CallToolResult['content'][number] => ({ type: 'text', text: said })

/** A failure that a model can read and act upon. */
export function failure(told: Problem, retryAfterMs?: number): CallToolResult {
  const problem = { ...told, hint: hintFor('tool', { ...told, retryAfterMs }) }
  return { isError: true, content: [text(problemText(problem))], _meta: { problem } }
}

export function failureOf(error: unknown): CallToolResult {
  const { problem, retryAfterMs } = problemOfError(error)
  return failure(problem, retryAfterMs)
}

/** Of an action: its output, a failure, or that it is still running. */
export function resultOf(run: Run, action: Action): CallToolResult {
  const problem = problemOfRun(run)
  if (problem !== undefined) return { ...failure(problem), content: [...failure(problem).content, ...filesOf(run)] }
  if (!hasEnded(run)) return pendingResult(run, withPending(action.output) !== undefined)
  const output = run.output ?? null
  return {
    content: [text([textTwin(output, action.output), ...partialText(run)].join('\n')), ...filesOf(run)],
    ...(action.output.type === 'object' && isObject(output) ? { structuredContent: output } : {}),
    _meta: { runId: run.id, ...(run.partial === undefined ? {} : { partial: run.partial }) }
  }
}

function pendingResult(run: Run, structured: boolean): CallToolResult {
  const next = `Call get_run with {"run_id":"${run.id}"}; do not call the action again.`
  const pending = { runId: run.id, status: run.status, pollAfterMs: pollAfterMs(run), next }
  const said = `It has not ended (${run.status}), which is no failure. ${next}`
  return { content: [text(said)], ...(structured ? { structuredContent: pending } : {}), _meta: { runId: run.id } }
}

/** By link; a client reads what it wants. */
export const filesOf = (run: Run): CallToolResult['content'] =>
  run.artifacts.map(({ name, mediaType, bytes }) => ({
    type: 'resource_link',
    uri: artifactUri(run.id, name),
    name,
    mimeType: mediaType,
    size: bytes
  }))

export const structured = (value: JsonObject, said: string): CallToolResult => ({ content: [text(said)], structuredContent: value })
