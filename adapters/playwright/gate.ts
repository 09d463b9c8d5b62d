/**
 * The commit gate: the request, not the click. The first request that matches gets a connection, waits for `commit()` and leaves;
 * a second one never does. What nothing was sent for is known to be nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page, Request, Route } from 'playwright-core'
import { NothingSent, RetrofitError } from '../../src/index.ts'
import { isInEgress } from './egress.ts'
import { type Answer, exchangeOnce, NotConnected } from './exchange.ts'
import { within } from './failure.ts'
import type { CommitRule, Stage, Step } from './plan.ts'
import { sentText } from './sent.ts'
import { pooled } from './tab.ts'

const everyRequest = /^/

interface GateState {
  caught: boolean
  shut: boolean
  first: string
  /** The committing request, until it has its answer. */
  held: Route | undefined
}

interface Passage {
  /** Ends when the request has its answer; false when no request came in time. */
  readonly done: Promise<boolean>
  readonly caught: boolean
  shut(): void
}

/** Runs the one step that has the effect. */
export async function passGate(step: Step, rule: CommitRule, stage: Stage, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs
  await step.rehearse?.(stage, timeoutMs)
  const passage = await openGate(rule, stage, until)
  const acted = step.run(stage, Math.max(1, until - Date.now())).then(
    () => undefined,
    (error: unknown) => ({ error })
  )
  const failure = await Promise.race([
    acted,
    passage.done.then(
      () => acted,
      () => undefined
    )
  ])
  if (failure !== undefined && !passage.caught) {
    passage.shut()
    throw failure.error
  }
  const surprised = () => stage.tab.surprise !== undefined && !passage.caught
  if (surprised()) passage.shut()
  if (!(await passage.done)) {
    const why = surprised() ? `an unexpected dialog was open (${stage.tab.surprise})` : 'no request left the page'
    throw new RetrofitError('target_failed', { detail: `nothing was sent: ${why}` })
  }
  const late = await acted
  if (late !== undefined) throw late.error
}

async function openGate(rule: CommitRule, stage: Stage, until: number): Promise<Passage> {
  const context = stage.page.context()
  const state: GateState = { caught: false, shut: false, first: '', held: undefined }
  const { promise: done, resolve, reject } = Promise.withResolvers<boolean>()
  done.catch(() => undefined)
  const handler = async (route: Route, request: Request): Promise<void> => {
    // What leaves here is not under the browser's egress rules; outside of them it goes to the browser, which refuses it.
    if (!isOurs(request, stage) || !isInEgress(new URL(request.url()), stage.call.target)) return route.fallback()
    if (state.caught) return isSecond(rule, request, state.first) ? route.abort('blockedbyclient') : route.fallback()
    if (!matches(rule, request)) return route.fallback()
    if (state.shut) return route.abort('blockedbyclient')
    state.caught = true
    state.held = route
    state.first = `${request.method()} ${request.url()}`
    await send(route, request, { rule, stage, until, shut: () => state.shut })
      .finally(() => {
        state.held = undefined
        stage.tab.committing = false
      })
      .then(() => resolve(true), reject)
  }
  stage.tab.committing = true
  stage.tab.guard(1)
  await context.route(everyRequest, handler)
  const timer = setTimeout(() => !state.caught && shut(), Math.max(1, until - Date.now()))
  const shut = () => {
    state.shut = true
    if (!state.caught) resolve(false)
  }
  stage.tab.closeGate = async leave => {
    clearTimeout(timer)
    shut()
    stage.tab.closeGate = undefined
    if (leave !== undefined && !(await isEmptied(stage.page, state.held))) stage.tab.destroy()
    await leave?.()
    await context.unroute(everyRequest, handler).catch(() => undefined)
    stage.tab.guard(-1)
  }
  return {
    done,
    get caught() {
      return state.caught
    },
    shut
  }
}

const emptyMs = 3_000

/**
 * The browser lets go of every request that it holds when a page closes or a route is taken away: so none may be left by then.
 * A document that is gone has none, and what it sent before was told to us before its end.
 */
async function isEmptied(page: Page, held: Route | undefined): Promise<boolean> {
  const refused = held?.abort('blockedbyclient')
  await within(refused ?? Promise.resolve(), emptyMs).catch(() => undefined)
  for (const until = Date.now() + emptyMs; Date.now() < until && !page.isClosed(); await sleep(20))
    try {
      await within(page.goto('about:blank'), until - Date.now())
      return true
    } catch {
      // The page of a refused request comes in between.
    }
  return false
}

/** Other pages of the same login pass; a window that is just opening has no page yet and counts as ours. */
function isOurs(request: Request, { page }: Stage): boolean {
  try {
    const from = request.frame().page()
    return from === page || !pooled.has(from)
  } catch {
    return true
  }
}

function matches({ matches }: CommitRule, request: Request): boolean {
  if (matches !== undefined) return matches(request.method(), new URL(request.url()))
  return !/^(GET|HEAD|OPTIONS)$/.test(request.method()) || request.isNavigationRequest()
}

/** A page that moves on by itself after the effect may; what could be the effect again may not. */
function isSecond(rule: CommitRule, request: Request, first: string): boolean {
  if (rule.matches !== undefined) return matches(rule, request)
  return !/^(GET|HEAD|OPTIONS)$/.test(request.method()) || `${request.method()} ${request.url()}` === first
}

interface Sending {
  readonly rule: CommitRule
  readonly stage: Stage
  readonly until: number
  shut(): boolean
}

async function send(route: Route, request: Request, { rule, stage, until, shut }: Sending): Promise<void> {
  const { call } = stage
  const url = new URL(request.url())
  const body = request.postDataBuffer()
  const unread = body === null && /multipart/.test(request.headers()['content-type'] ?? '')
  const commit = async () => {
    await call.commit(sentText(call, request))
    if (shut() || call.signal.aborted) throw new NothingSent('the step had ended before the request left', { retryable: true })
  }
  await call
    .exchange('commit', { 'http.request.method': request.method(), 'url.path': url.pathname }, async () => {
      if (rule.via === 'browser' || unread) {
        await commit()
        return route.continue()
      }
      const answer = await exchange(stage, request, { url, body, until, commit })
      await route.fulfill({ ...answer, headers: { ...answer.headers } })
      if (request.isNavigationRequest()) stage.tab.changed = true
    })
    .catch(async error => {
      await route.abort(call.committed ? 'failed' : 'blockedbyclient').catch(() => undefined)
      throw error instanceof NotConnected
        ? new NothingSent(`no connection to the target: ${error.message}`, { retryable: true, cause: error })
        : error
    })
}

async function exchange(
  { page, call }: Stage,
  request: Request,
  { url, body, until, commit }: { url: URL; body: Buffer | null; until: number; commit: () => Promise<void> }
): Promise<Answer> {
  const cookies = await page.context().cookies(url.href)
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const headers = { ...request.headers(), ...(cookie === '' ? {} : { cookie }) }
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(Math.max(1, until - Date.now()))])
  return exchangeOnce({ method: request.method(), url, headers, body, signal, commit })
}
