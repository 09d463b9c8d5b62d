/**
 * The commit gate: the request, not the click. The first request that matches gets a connection, waits for `commit()` and leaves;
 * a second one never does. Where nothing was sent, it is known that nothing happened.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Request, Route } from 'playwright-core'
import { connectionWords, isConnectionFailure, NothingSent, RetrofitError } from '../../src/index.ts'
import { isInEgress } from './egress.ts'
import { type Answer, exchangeOnce, NotConnected } from './exchange.ts'
import { within } from './failure.ts'
import { fetchMetadata } from './fetch-metadata.ts'
import { interceptionOf } from './interception.ts'
import type { CommitRule, Stage, Step } from './plan.ts'
import { sentText } from './sent.ts'
import { pooled, sentBy, type Tab, type Unheld } from './tab.ts'
import { ambiguous, asksForChange, mayBeEffect, nameOf, outcomeUnknown, unnamed } from './unheld.ts'
import { gatesOf, usesWindows } from './windows.ts'

const everyRequest = /^/

interface GateState {
  caught: boolean
  shut: boolean
  first: string
  /** The committing request, until it has its answer. */
  held: Route | undefined
  /** The first that left past the gate before it. */
  unheld: Unheld | undefined
  /** Another one that matches and came before its answer; it was stopped, and may be the one that was meant. */
  rival: string | undefined
}

interface Passage {
  /** Ends when the request has its answer; false when no request came in time. */
  readonly done: Promise<boolean>
  readonly state: Readonly<GateState>
  shut(): void
}

/** Runs the one step that has the effect. */
export async function passGate(step: Step, rule: CommitRule, stage: Stage, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs
  await (step.rehearse === undefined ? step.place?.find(stage) : step.rehearse(stage, timeoutMs))
  await stage.tab.filled.checkAll(stage.call.redact, rule.via !== 'any')
  if (rule.via === 'any') return passMarked(step, stage, until)
  const { done, state, shut } = await openGate(rule, stage, until)
  const acted = step.run(stage, Math.max(1, until - Date.now())).then(
    () => undefined,
    (error: unknown) => ({ error })
  )
  const failure = await Promise.race([
    acted,
    done.then(
      () => acted,
      () => undefined
    )
  ])
  if (failure !== undefined && !state.caught) {
    shut()
    throw (await outcomeUnknown(stage, state.unheld)) ?? failure.error
  }
  const surprised = () => stage.tab.surprise !== undefined && !state.caught
  if (surprised()) shut()
  if (!(await done)) {
    const unknown = await outcomeUnknown(stage, state.unheld)
    if (unknown !== undefined) throw unknown
    const { type, message } = (surprised() ? stage.tab.surprise : undefined) ?? {}
    const why = type === undefined ? 'no request left the page' : `an unexpected dialog was open (${type})`
    throw new RetrofitError('target_failed', { detail: `nothing was sent: ${why}`, targetSaid: message })
  }
  if (state.rival !== undefined) throw ambiguous(stage, state.rival)
  const late = await acted
  if (late !== undefined) throw late.error
}

/** Nothing is held: whatever the step sends, the run is marked before. */
async function passMarked(step: Step, stage: Stage, until: number): Promise<void> {
  const { call } = stage
  await call.exchange('commit', {}, async () => {
    await call.commit(call.redact(step.title))
    await step.run(stage, Math.max(1, until - Date.now()))
  })
}

async function openGate(rule: CommitRule, stage: Stage, until: number): Promise<Passage> {
  const { page } = stage
  const context = page.context()
  const state: GateState = { caught: false, shut: false, first: '', held: undefined, unheld: undefined, rival: undefined }
  const { promise: done, resolve, reject } = Promise.withResolvers<boolean>()
  done.catch(() => undefined)
  const ofPage = async (route: Route, request: Request): Promise<void> => {
    // A request that leaves here is not under the browser's egress rules; outside of them it goes to the browser, which refuses it.
    if (!isInEgress(new URL(request.url()), stage.call.target)) return route.fallback()
    if (state.caught) {
      if (!isSecond(rule, request, state.first)) return route.fallback()
      if (state.held !== undefined && nameOf(request) !== nameOf(state.held.request())) state.rival ??= nameOf(request)
      return route.abort('blockedbyclient')
    }
    if (!matches(rule, request)) {
      state.unheld ??= unnamed(rule, request, stage.call.target.url)
      return route.fallback()
    }
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
  const gates = gatesOf(context)
  const ofWindow = (route: Route, request: Request) => {
    if (!isNewWindow(request)) return route.fallback()
    return matches(rule, request) && !gates.admits(state) ? route.abort('blockedbyclient') : ofPage(route, request)
  }
  await gates.enter(state, { rule, until, signal: stage.call.signal })
  stage.tab.committing = true
  stage.tab.onUnheld = unheld => {
    if (!state.caught && mayBeEffect(rule, unheld)) state.unheld ??= unheld
  }
  stage.tab.guard(1)
  await interceptionOf(context).turnOn()
  await Promise.all([context.route(everyRequest, ofWindow), page.route(everyRequest, ofPage)]).catch(error => {
    gates.leave(state)
    stage.tab.guard(-1)
    throw error
  })
  const timer = setTimeout(() => !state.caught && shut(), Math.max(1, until - Date.now())).unref()
  const shut = () => {
    state.shut = true
    if (!state.caught) resolve(false)
  }
  stage.tab.closeGate = async leave => {
    clearTimeout(timer)
    shut()
    stage.tab.closeGate = undefined
    stage.tab.onUnheld = undefined
    // A window outlives the page that opened it, and may ask for something yet.
    if (leave !== undefined && (usesWindows(rule) || !(await isEmptied(stage.tab, state.held)))) stage.tab.destroy()
    await leave?.()
    await Promise.allSettled([page.unroute(everyRequest, ofPage), context.unroute(everyRequest, ofWindow)])
    gates.leave(state)
    stage.tab.guard(-1)
  }
  return { done, state, shut }
}

const emptyMs = 10_000
const emptyPage = 'about:blank'

/**
 * The browser lets go of every request that it holds when a page closes or a route is taken away: so none may be left by then.
 * A document that is gone has none, and what it sent before was told to us before its end.
 */
async function isEmptied(tab: Tab, held: Route | undefined): Promise<boolean> {
  const wasEmpty = tab.page.url() === emptyPage
  const refused = held?.abort('blockedbyclient')
  await within(refused ?? Promise.resolve(), emptyMs).catch(() => undefined)
  for (const until = Date.now() + emptyMs; Date.now() < until && !tab.page.isClosed(); await sleep(20))
    try {
      await within(tab.goto(emptyPage, { waitUntil: 'commit' }), until - Date.now())
      return true
    } catch {
      // The page of a refused request comes in between; and what was asked for before that may come after it.
      if (!wasEmpty && tab.page.url() === emptyPage) return true
    }
  return false
}

/** Other pages of the same login pass; a window that is just opening has no page yet and counts as ours. */
function isNewWindow(request: Request): boolean {
  try {
    return !pooled.has(request.frame().page())
  } catch {
    return true
  }
}

function matches({ matches }: CommitRule, request: Request): boolean {
  if (matches !== undefined) return matches(request.method(), new URL(request.url()))
  return asksForChange(request) || request.isNavigationRequest()
}

/** A page that moves on by itself after the effect may; what could be the effect again may not. */
function isSecond(rule: CommitRule, request: Request, first: string): boolean {
  if (rule.matches !== undefined) return matches(rule, request)
  return asksForChange(request) || `${request.method()} ${request.url()}` === first
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
      // A page that goes to another document answers no question while the request for that is held.
      await stage.tab.filled.checkHeld(sentBy(request), call.redact, !request.isNavigationRequest())
      if (rule.via === 'browser' || unread) {
        await commit()
        await route.continue()
        stage.tab.commitStatus = await answeredWith(request, until)
        return
      }
      const answer = await exchange(stage, request, { url, body, until, commit })
      await route.fulfill({ ...answer, headers: { ...answer.headers } })
      stage.tab.commitStatus = answer.status
      if (request.isNavigationRequest()) stage.tab.changed = true
    })
    .catch(async error => {
      await route.abort(call.committed ? 'failed' : 'blockedbyclient').catch(() => undefined)
      throw error instanceof NotConnected
        ? new NothingSent(`no connection to the target: ${inWords(error)}`, {
            retryable: true,
            targetDown: isConnectionFailure(error.cause),
            cause: error
          })
        : error
    })
}

function inWords({ message, cause }: NotConnected): string {
  const words = connectionWords(cause)
  return words === undefined ? message : `${message} (${words})`
}

/** Nobody waits for the answer to a beacon, and one that becomes a download has none that is told. */
async function answeredWith(request: Request, until: number): Promise<number> {
  if (request.resourceType() === 'ping') return 0
  const answer = await within(request.response(), until - Date.now())
  const why = request.failure()?.errorText ?? 'it was given up'
  if (answer === null && !(request.isNavigationRequest() && why.includes('ERR_ABORTED')))
    throw new Error(`the request has no answer: ${why}`)
  return answer?.status() ?? 0
}

async function exchange(
  { page, call }: Stage,
  request: Request,
  { url, body, until, commit }: { url: URL; body: Buffer | null; until: number; commit: () => Promise<void> }
): Promise<Answer> {
  const cookies = await page.context().cookies(url.href)
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const headers = { ...request.headers(), ...fetchMetadata(request), ...(cookie === '' ? {} : { cookie }) }
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(Math.max(1, until - Date.now()))])
  return exchangeOnce({ method: request.method(), url, headers, body, reach: call.target.reach, signal, commit })
}
