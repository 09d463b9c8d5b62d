/** What a callback says: the end of a run as `GET /v1/runs/{runId}` shows it, with what is sensitive masked. */
import type { Action, Json, Run } from '../../core/types.ts'
import { mask } from '../../governance/sealer.ts'
import { problemOfRun } from '../problem.ts'

/** Of an output as JSON. Receivers take some hundred KiB (AWS Step Functions: 256). */
const largestOutput = 200 * 1_024

export interface MessageParts {
  readonly run: Run
  /** In the run's own version of the bot; undefined: nobody knows what of the output is sensitive. */
  readonly action: Action | undefined
  readonly token: string | undefined
  /** Before `/v1/…`. */
  readonly base: string
}

/** The same for every try. `status` in `type` is how the run stands. */
export function messageOf({ run, action, token, base }: MessageParts): string {
  const endedAt = iso(run.endedAt ?? run.updatedAt)
  return JSON.stringify({
    type: `run.${run.status}`,
    timestamp: endedAt,
    data: {
      runId: run.id,
      action: run.action,
      bot: run.bot,
      status: run.status,
      effect: run.effect,
      reference: run.reference,
      createdAt: iso(run.createdAt),
      endedAt,
      href: `${base}/v1/runs/${run.id}`,
      ...outputOf(run, action),
      partial: run.partial,
      error: problemOfRun(run),
      token
    }
  })
}

const iso = (ms: number): string => new Date(ms).toISOString()

function outputOf({ output }: Run, action: Action | undefined): { readonly output?: Json; readonly outputOmitted?: string } {
  if (output === undefined) return {}
  if (action === undefined) return { outputOmitted: 'The version of the bot is gone that says what of it is sensitive; get it with href.' }
  const shown = mask(action.output, output)
  const bytes = Buffer.byteLength(JSON.stringify(shown))
  return bytes > largestOutput ? { outputOmitted: `It has ${bytes} bytes; get it with href.` } : { output: shown }
}
