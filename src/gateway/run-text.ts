/** A run as short text for a model. */
import type { Run } from '../core/types.ts'
import { textTwin, untrusted } from '../surface/text-twin.ts'
import type { Problem } from './problem.ts'
import { problemOfRun } from './problem.ts'
import { artifactHref, pendingView } from './run-view.ts'
import type { Shape } from './shape.ts'

export function runText(run: Run, shape: Shape): string {
  const { error, output } = { error: problemOfRun(run), output: run.output }
  const lines = [
    `${run.action} ${run.status}, run ${run.id}`,
    ...(error === undefined ? [] : [problemText(error)]),
    ...(output === undefined ? [] : [outputText(run, shape)]),
    ...(error === undefined && output === undefined ? [waitText(run, shape)] : [])
  ]
  return lines.join('\n')
}

/** The output and where its files are. */
export const outputText = (run: Run, { schema, select }: Shape): string =>
  [
    textTwin(select(run.output ?? null), schema),
    ...partialText(run),
    ...run.artifacts.map(({ name, mediaType }) => `file: ${artifactHref(run, name)} (${mediaType})`)
  ].join('\n')

/** The reason may hold words of the target. */
export const partialText = ({ partial = [] }: Run): readonly string[] =>
  partial.map(({ name, reason }) => `Not all of it: ${name} is partial, as ${untrusted(reason)}.`)

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
