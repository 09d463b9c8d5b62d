/** A run as the result of a tool. */
import type { CallToolResult } from '@modelcontextprotocol/server'
import { hasEnded } from '../../core/run.ts'
import type { Action, JsonObject, Run } from '../../core/types.ts'
import { hintFor } from '../../surface/hint-for.ts'
import { withPending } from '../../surface/mcp-output.ts'
import { modelSchema } from '../../surface/model-schema.ts'
import { untrusted } from '../../surface/text-twin.ts'
import { type Problem, problemOfError, problemOfRun } from '../problem.ts'
import { problemForModel } from '../problem-for-model.ts'
import { partialText, problemText } from '../run-text.ts'
import { pollAfterMs } from '../run-view.ts'
import type { Page } from '../take-page.ts'
import { argumentNamesOf } from './reserved-names.ts'
import { artifactUri } from './resources.ts'
import { toldResult, wantedOf } from './told-result.ts'

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

export interface ResultOptions {
  readonly budget: number
  /** What of the output is wanted; absent: all of it. */
  readonly page?: Page | undefined
  /** For a tool that has the output schema of the action. */
  readonly promised?: boolean | undefined
  /** What else is to be said of a run that has not ended. */
  readonly about?: string | undefined
}

/** Of an action: its output, a failure, or that it is still running. */
export async function resultOf(run: Run, action: Action, options: ResultOptions): Promise<CallToolResult> {
  const { budget, page = {}, promised = false, about = '' } = options
  const problem = problemOfRun(run)
  if (problem !== undefined) return failedRun(run, action, problem)
  const output = withPending(modelSchema(action.output))
  if (!hasEnded(run)) return pendingResult(run, output !== undefined, about)
  const told = await toldResult(run, { page, wanted: wantedOf(action, page), budget, promised: promised && output !== undefined })
  return {
    ...told.structured,
    content: [text([told.text, ...partialText(run)].join('\n')), ...told.links, ...filesOf(run)],
    _meta: {
      runId: run.id,
      ...(run.partial === undefined ? {} : { partial: run.partial.map(one => ({ ...one, reason: untrusted(one.reason) })) })
    }
  }
}

function failedRun(run: Run, action: Action, problem: Problem): CallToolResult {
  const failed = failure(problem, { action })
  const hint = (failed._meta as { problem: Problem }).problem.hint
  return { ...failed, content: [...failed.content, ...filesOf(run)], _meta: { problem: { ...problemForModel(problem, action), hint } } }
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
