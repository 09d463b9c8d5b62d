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
import { argumentNamesOf } from './reserved-names.ts'
import { artifactUri } from './resources.ts'

const text = (said: string): CallToolResult['content'][number] => ({ type: 'text', text: said })

interface Telling {
  readonly retryAfterMs?: number | undefined
  /** The action that was called: hints name its arguments. */
  readonly action?: Action | undefined
}

/** A failure that a model can read and act upon. */
function failure(told: Problem, { retryAfterMs, action }: Telling): CallToolResult {
  const names = action === undefined ? undefined : argumentNamesOf(action)
  const problem = { ...told, hint: hintFor('tool', { ...told, retryAfterMs, names }) }
  return { isError: true, content: [text(problemText(problem))], _meta: { problem } }
}

export function failureOf(error: unknown, action?: Action): CallToolResult {
  const { problem, retryAfterMs } = problemOfError(error)
  return failure(problem, { retryAfterMs, action })
}

/** Of an action: its output, a failure, or that it is still running, with what else is to be said about that. */
export function resultOf(run: Run, action: Action, about = ''): CallToolResult {
  const problem = problemOfRun(run)
  const failed = problem === undefined ? undefined : failure(problem, { action })
  if (failed !== undefined) return { ...failed, content: [...failed.content, ...filesOf(run)] }
  if (!hasEnded(run)) return pendingResult(run, withPending(action.output) !== undefined, about)
  const output = run.output ?? null
  return {
    content: [text([textTwin(output, action.output), ...partialText(run)].join('\n')), ...filesOf(run)],
    ...(action.output.type === 'object' && isObject(output) ? { structuredContent: output } : {}),
    _meta: { runId: run.id, ...(run.partial === undefined ? {} : { partial: run.partial }) }
  }
}

function pendingResult(run: Run, structured: boolean, about: string): CallToolResult {
  const look = `Call get_run with {"run_id":"${run.id}"}`
  const next = about === '' ? `${look}; do not call the action again.` : `${about} ${look} to see what becomes of it.`
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
