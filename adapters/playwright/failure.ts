/** What went wrong, for the person who has to mend it: the step, its element, and what the page showed instead. */
import { stripVTControlCharacters } from 'node:util'
import type { Locator, Page } from 'playwright-core'
import { BusinessError, NothingSent, RetrofitError } from '../../src/index.ts'
import { firstText, markSensitive } from './page-script.ts'
import type { Stage, StageCall, Step } from './plan.ts'
import { pathOf } from './tab.ts'

/** The session on the target is over: log in again and start anew. */
export class SignedOff extends Error {}

/** Told already; what is around it adds nothing. */
const told = new WeakSet<Error>()

export async function explain(error: unknown, step: Step, stage: Stage): Promise<unknown> {
  const { call, page } = stage
  if (!Error.isError(error) || told.has(error)) return error
  if (error instanceof BusinessError || error instanceof SignedOff || error.name === 'FenceLost' || call.signal.aborted) return error
  const seen = await whatIsThere(page)
  const element = step.place === undefined ? '' : ` (${step.place.text})`
  const detail = cut(call.redact(`step "${step.title}"${element}: ${reason(error)}; ${seen}`), 600)
  const explained =
    error instanceof NothingSent
      ? new NothingSent(detail, { retryable: error.retryable, cause: error })
      : new RetrofitError('target_failed', {
          detail,
          cause: error,
          ...(error instanceof RetrofitError && { retryable: error.retryable, effect: error.effect })
        })
  told.add(explained)
  await attachPicture('failure.png', stage).catch(() => undefined)
  return explained
}

async function whatIsThere(page: Page): Promise<string> {
  const work = Promise.all([page.title(), page.evaluate(firstText)])
  const none = ['', ''] as [string, string]
  const [title, text] = await within(work, 1_000).catch(() => none)
  const path = pathOf(page.url())
  return `the page is "${cut(title, 60)}" at ${path} and says: ${cut(text, 300) || '(nothing)'}`
}

/** Playwright's first line says what; the log below it repeats the selector and may repeat a value. */
function reason(error: Error): string {
  const [first = '', ...rest] = error.message.split('\n').map(line => stripVTControlCharacters(line))
  if (first.includes('ERR_SOCKS_CONNECTION_FAILED'))
    return 'the address can not be reached, is outside of target.egress, or is one that a bot over HTTP may not go to (ERR_SOCKS_CONNECTION_FAILED)'
  if (first.includes('ERR_PROXY_CONNECTION_FAILED')) return 'the address is outside of target.egress (ERR_PROXY_CONNECTION_FAILED)'
  const hint = rest.find(line => /intercepts pointer|not visible|not enabled|not stable|strict mode|resolved to/.test(line))
  return `${first.replace(/^(locator|page|frame)\.\w+: /, '')}${hint === undefined ? '' : ` (${cut(hint.replace(/^[\s-]+/, ''), 120)})`}`
}

/** A picture without passwords and without anything marked as sensitive. */
export async function picture(page: Page, call: StageCall, element?: Locator): Promise<Buffer> {
  const hidden = [...call.sensitive, ...Object.values(call.credentials)].filter(value => value.length > 1)
  await Promise.all(page.frames().map(frame => within(frame.evaluate(markSensitive, hidden), 1_000)))
  const mask = page.frames().flatMap(frame => [frame.locator('input[type=password]'), frame.locator('[data-retrofit-mask]')])
  return (element ?? page).screenshot({ mask, timeout: 3_000, animations: 'disabled', caret: 'hide' })
}

async function attachPicture(name: string, { call, page }: Stage): Promise<void> {
  await call.attach(name, await within(picture(page, call), 4_000), 'image/png')
}

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
