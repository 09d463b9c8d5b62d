/** A run as short text for a model. */
import { isObject } from '../core/schema-at.ts'
import type { Action, Run } from '../core/types.ts'
import { untrusted } from '../surface/text-twin.ts'
import { cursorText } from './cursor.ts'
import { type Guide, toldText } from './presented.ts'
import type { Problem } from './problem.ts'
import { problemOfRun } from './problem.ts'
import { artifactHref, pendingView } from './run-view.ts'
import type { Shape } from './shape.ts'

export interface Reading {
  /** Tokens of the text; 0: no limit. */
  readonly budget: number
  readonly action?: Action | undefined
}

export async function runText(run: Run, shape: Shape, reading: Reading): Promise<Awaited<ReturnType<typeof outputText>>> {
  const error = problemOfRun(run)
  const output = run.output === undefined ? undefined : await outputText(run, shape, reading)
  const lines = [
    `${run.action} ${run.status}, run ${run.id}`,
    ...(error === undefined ? [] : [problemText(error)]),
    ...(output === undefined ? [] : [output.text]),
    ...(error === undefined && output === undefined ? [waitText(run, shape)] : [])
  ]
  return { text: lines.join('\n'), next: output?.next }
}

/** The output and where its files are. `next`: the cursor of what follows. */
export async function outputText(
  run: Run,
  shape: Shape,
  { budget, action }: Reading
): Promise<{ readonly text: string; readonly next: string | undefined }> {
  const { text, cut } = await toldText(run, shape, { budget, guide: guideFor(run, shape, action) })
  const files = run.artifacts.map(({ name, mediaType }) => `file: ${artifactHref(run, name)} (${mediaType})`)
  return { text: [text, ...partialText(run), ...files].join('\n'), next: cut.next === undefined ? undefined : cursorText(cut.next) }
}

/** A model that is called through a program sends arguments, and no requests. */
function guideFor(run: Run, { forModel, query }: Shape, action: Action | undefined): Guide {
  const whole = `All of it: GET /v1/runs/${run.id}`
  if (forModel && action !== undefined && !hasOwnCursor(action))
    return {
      more: cursor => `Call ${run.action} with {"cursor":"${run.id}.${cursor}"} alone for what follows; nothing is done again.`,
      rest: `Or ask for less: "fields" (names in the output, with commas) and "limit" (items of a list) beside the arguments. ${whole}`
    }
  return {
    more: cursor => `Next: GET ${nextHref(run, query, cursor)}`,
    rest: `Less: fields=a,b.c or limit=N. ${whole}?view=json`
  }
}

const hasOwnCursor = ({ input }: Action): boolean => isObject(input.properties) && Object.hasOwn(input.properties, 'cursor')

/** The request for what follows. */
export const nextHref = ({ id }: Run, query: string, cursor: string): string => `/v1/runs/${id}?${`${query}&cursor=${cursor}`.slice(1)}`

/** The reason may hold words of the target. The name is the one of the extracted list, which `result` may have renamed in the output. */
export const partialText = ({ partial = [], output }: Run): readonly string[] =>
  partial.map(({ name, reason }) => {
    const isInOutput = isObject(output) && Object.hasOwn(output, name)
    return `Not all of it: ${isInOutput ? name : `what the bot reads as ${name}`} is partial, as ${untrusted(reason)}.`
  })

const waitText = (run: Run, { query }: Shape): string => {
  const { status, next } = pendingView(run, query)
  return status === 'queued' || status === 'working' ? `It has not ended. Next: ${next}` : `Next: ${next}`
}

/** The detail that an adapter wrote may hold words of the target as well. */
export const problemText = ({ code, title, detail, targetSaid, effect, retryable, hint, errors = [] }: Problem): string =>
  [
    `${code}: ${title}.${detail === title ? '' : ` ${untrusted(detail)}`}`,
    ...(targetSaid === undefined ? [] : [`The target said: ${untrusted(targetSaid)}`]),
    ...errors.map(({ pointer, message }) => `${pointer === '' ? 'the input' : pointer} ${message}`),
    `Effect: ${effect}. ${retryable ? 'It can be tried again.' : 'The same call again does not help.'}${hint === undefined ? '' : ` ${hint}`}`
  ].join('\n')
