/** An expression gave nothing where something has to stand. */
import { RetrofitError } from '../errors.ts'

export interface Nothing {
  /** The expression, for people. */
  readonly shown: string
  /** Where it stands in its action. */
  readonly at: readonly (string | number)[]
  /** What it reads and what is not there. */
  readonly missing: readonly (readonly string[])[]
  readonly source: string
}

const ofCaller: ReadonlySet<string> = new Set(['input', 'session'])

/** What the caller left out, the caller can send; all else is for the owner of the bot. Another try would end the same way. */
export function nothingThere({ shown, at, missing, source }: Nothing): RetrofitError {
  const paths = [...new Set(missing.map(path => path.join('.')))]
  const place = at.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`)).join('')
  const why = paths.length === 0 ? '' : `: ${paths.join(' and ')} ${paths.length === 1 ? 'is' : 'are'} not there`
  const detail = `${place === '' ? '' : `${place}: `}${shown} gives nothing${why}.`
  const isSent = missing.length > 0 && missing.every(([root]) => ofCaller.has(root ?? ''))
  const remedy = `where it may be missing, the manifest says {{ optional ${source.length > 60 ? '…' : source} }}`
  if (!isSent)
    return new RetrofitError('invalid_output', {
      detail,
      hint: `Report the run id to the owner of the bot: ${remedy}.`
    })
  return new RetrofitError('invalid_input', {
    detail,
    hint: `Nothing was done with it. Send what is missing, with a new idempotency key; ${remedy}.`,
    errors: missing
      .filter(([root]) => root === 'input')
      .map(([, ...path]) => ({
        pointer: path.map(name => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
        message: 'is needed by this call'
      }))
  })
}
