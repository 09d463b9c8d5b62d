/** Explains a failure to the person who has to mend it: the step, its element, and what the page showed instead. */
import { stripVTControlCharacters } from 'node:util'
import { BusinessError, NothingSent, RetrofitError } from '../../src/index.ts'
import { isLasting } from './lasting-failure.ts'
import { firstText } from './page-script.ts'
import { picture } from './picture/picture.ts'
import type { Place, Stage, StageCall, Step } from './plan.ts'
import { sayNetError } from './say-net-error.ts'
import { pathOf } from './tab.ts'
import { type Why, whyNot } from './why.ts'

/** The session on the target is over: log in again and start anew. */
export class SignedOff extends Error {}

/** Errors that are explained already; a step around them adds nothing. */
const told = new WeakSet<Error>()
export const isTold = (error: unknown): boolean => Error.isError(error) && told.has(error)

export async function explain(error: unknown, step: Step, stage: Stage): Promise<unknown> {
  const { call, page } = stage
  if (!Error.isError(error) || told.has(error)) return error
  if (error instanceof BusinessError || error instanceof SignedOff || error.name === 'FenceLost' || call.signal.aborted) return error
  if (isRefusal(error)) return named(error, step)
  const because = await whyOf(error, step, stage)
  const seen = await whatIsThere(stage)
  const element = step.place === undefined ? '' : ` (${step.place.text})`
  const why = [...reasons(error, because, call.redact), ...turnedAway(stage)].join('; ')
  const unpictured = call.evidence === 'none' || page.isClosed() ? undefined : await attachPicture('failure.png', stage)
  const detail = cut(call.redact(`step "${step.title}"${element}: ${why}${unpictured === undefined ? '' : `; ${unpictured}`}`), 600)
  const own = error instanceof NothingSent || error instanceof RetrofitError ? error.targetSaid : undefined
  const shown = call.evidence === 'none' ? undefined : because?.shown
  const targetSaid = cut(call.redact([own, shown, seen].filter(text => text !== undefined).join('; ')), 900)
  const explained =
    error instanceof NothingSent
      ? new NothingSent(detail, { retryable: error.retryable, targetDown: error.targetDown, targetSaid, cause: error })
      : new RetrofitError('target_failed', {
          detail,
          targetSaid,
          cause: error,
          targetDown: error instanceof RetrofitError ? error.targetDown : isUnreached(error, step),
          ...(error instanceof RetrofitError
            ? { retryable: error.retryable, effect: error.effect, hint: error.hint }
            : { retryable: !isLasting(error) })
        })
  told.add(explained)
  return explained
}

/** Errors that speak of an element that is not their step's own. */
const places = new WeakMap<Error, Place>()

/** The page is asked why, once the step has failed. */
export function about<Failure extends Error>(place: Place, error: Failure): Failure {
  places.set(error, place)
  return error
}

const isOfPlaywright = ({ name, message }: Error): boolean =>
  name === 'TimeoutError' || /^(locator|page|frame|elementHandle)\.\w+: /.test(message)

/** A page that runs its own scripts for longer than this can not be asked. */
const lookMs = 10_000

/** An error of ours has said why, but for those that are about an element. */
async function whyOf(error: Error, { kind, place: own }: Step, stage: Stage): Promise<Why | undefined> {
  const place = places.get(error) ?? (isOfPlaywright(error) ? own : undefined)
  if (place === undefined || stage.page.isClosed()) return undefined
  return within(whyNot({ error, kind, place }, stage), lookMs).catch(() => undefined)
}

function reasons(error: Error, because: Why | undefined, redact: StageCall['redact']): readonly string[] {
  if (because === undefined) return [reason(error, redact)]
  const isOurs = error instanceof NothingSent || error instanceof RetrofitError
  return [isOurs ? `${error.message}: ${because.said}` : because.said, ...waited(error)]
}

const waited = ({ message }: Error): readonly string[] => {
  const [, ms] = /Timeout (\d+)ms exceeded/.exec(message) ?? []
  return ms === undefined ? [] : [`waited ${ms} ms`]
}

const notExpected: Readonly<Record<string, string>> = {
  window: 'a window that the page opened was closed, as no popup expects it',
  file: 'a file that came was refused, as no download expects it'
}
const turnedAway = ({ tab }: Stage): readonly string[] => [...tab.turnedAway].flatMap(what => notExpected[what] ?? [])

const refusals: ReadonlySet<string> = new Set(['invalid_input', 'credential_refused'])

/** A value of the caller or of the credentials can not stand where it is to go: the page has nothing to do with it. */
export const isRefusal = (error: unknown): error is RetrofitError => error instanceof RetrofitError && refusals.has(error.code)

function named({ code, message, hint, errors }: RetrofitError, { title }: Step): RetrofitError {
  const refused = new RetrofitError(code, { detail: `step "${title}": ${message}`, hint, errors })
  told.add(refused)
  return refused
}

const unreached = /net::ERR_(CONNECTION_|NAME_NOT_RESOLVED|ADDRESS_|TIMED_OUT|EMPTY_RESPONSE|INVALID_HTTP_RESPONSE|SSL_|CERT_|NETWORK_)/
const tooLate = /^page\.goto: Timeout (\d+)ms exceeded/

export const isGone = ({ message }: Error): boolean => /(page|context|browser) has been closed|Target crashed|Page crashed/.test(message)

/** No page came. A time limit counts when it is the manifest's: a caller may give as little time as it likes. */
export function isUnreached({ message }: Error, { timeoutMs }: Pick<Step, 'timeoutMs'>): boolean {
  const limitMs = tooLate.exec(message)?.[1]
  return unreached.test(message) || (limitMs !== undefined && Number(limitMs) >= timeoutMs)
}

/** Cut last: half a secret would not be found. */
export async function whatIsThere({ call, page }: Stage): Promise<string> {
  const work = Promise.all([page.title(), page.evaluate(firstText)])
  const none = ['', ''] as [string, string]
  const [title, text] = await within(work, 1_000).catch(() => none)
  const path = pathOf(page.url())
  return `the page is "${cut(call.redact(title), 60)}" at ${path} and says: ${cut(call.redact(text), 300) || '(nothing)'}`
}

/** Playwright's first line says what; the log below it repeats the selector and may repeat a value. */
function reason(error: Error, redact: StageCall['redact']): string {
  const [first = '', ...rest] = error.message.split('\n').map(line => stripVTControlCharacters(line))
  if (first.includes('ERR_SOCKS_CONNECTION_FAILED'))
    return 'the address can not be reached, is outside of target.egress, or is one that a bot over HTTP may not go to (ERR_SOCKS_CONNECTION_FAILED)'
  if (first.includes('ERR_PROXY_CONNECTION_FAILED')) return 'the address is outside of target.egress (ERR_PROXY_CONNECTION_FAILED)'
  const net = sayNetError(first)
  if (net !== undefined) return net
  const hint = rest.find(line => /intercepts pointer|not visible|not enabled|not stable|strict mode|resolved to/.test(line))
  return `${first.replace(/^(locator|page|frame)\.\w+: /, '')}${hint === undefined ? '' : ` (${cut(redact(hint.replace(/^[\s-]+/, '')), 120)})`}`
}

/** Why there is none, if so. */
export async function attachPicture(name: string, { call, page }: Stage): Promise<string | undefined> {
  const taken = await within(picture(page, call), 6_000).catch(noPicture)
  if (typeof taken === 'string') return taken
  await call.attach(name, taken, 'image/png').catch(() => undefined)
  return undefined
}

/** Nothing of it tells what stands on the page. */
export const noPicture = (error: unknown): string =>
  `no picture was kept, as nobody could be sure what is on it (${cut((Error.isError(error) ? error.message : '').split('\n', 1)[0] ?? '', 80)})`

export const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text)

export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms)
  })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
