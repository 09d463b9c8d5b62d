/** POST /v1/actions/{action}: the one call that all the others are about. */
import type { OutgoingHttpHeaders } from 'node:http'
import { RetrofitError } from '../core/errors.ts'
import { hasEnded } from '../core/run.ts'
import type { Run } from '../core/types.ts'
import type { CallRequest, Catalog, Engine } from '../engine/engine.ts'
import { botVersionOf, idempotencyKeyOf, sessionIdOf, waitOf } from './call-headers.ts'
import { callbackOf } from './callbacks/callback-of.ts'
import { callerOf, type Exchange, goneSignal, retryAfterSeconds, type Staying, sendJson, sendPlain, sendProblem } from './exchange.ts'
import { problemOfRun } from './problem.ts'
import type { Handle } from './router.ts'
import { outputText } from './run-text.ts'
import { artifactHref, pendingView } from './run-view.ts'
import { serverTiming } from './server-timing.ts'
import type { GatewaySettings } from './settings.ts'
import { callShapeOf, type Shape } from './shape.ts'
import { calledWith } from './tools.ts'

export interface ActionOptions extends Staying {
  readonly engine: Engine
  readonly settings: GatewaySettings
}

export function actionOperations({ engine, settings, ...staying }: ActionOptions): Record<'callAction', Handle> {
  return {
    async callAction(exchange) {
      const wait = waitOf({ ...exchange, ...settings })
      const shape = callShapeOf(exchange, engine.catalog.action(exchange.params.action as string, callerOf(exchange).tenant)?.action)
      const request = callRequestOf(exchange, engine.catalog, wait.timeoutMs)
      if (exchange.query.dryRun === 'true') return sendPlan(exchange, await engine.plan(request))
      const { run, outcome } = await engine.submit(request)
      const acceptedAt = performance.now()
      exchange.span?.set({ 'retrofit.run_id': run.id, 'retrofit.outcome': outcome })
      const waitMs = wait.waitMs - (acceptedAt - exchange.receivedAt)
      const last = hasEnded(run) || waitMs <= 0 ? run : await waitFor(engine, run, { waitMs, signal: goneSignal(exchange, staying) })
      const timing = serverTiming(last, { receivedAt: exchange.receivedAt, acceptedAt, now: performance.now() }, outcome === 'replayed')
      const headers = {
        'server-timing': timing,
        ...(wait.applied === undefined ? {} : { 'preference-applied': wait.applied }),
        ...(outcome === 'replayed' ? { 'idempotent-replayed': 'true' } : {})
      }
      answer(exchange, last, { shape, headers })
    }
  }
}

function callRequestOf(exchange: Exchange, catalog: Catalog, timeoutMs: number | undefined): CallRequest {
  const idempotencyKey = idempotencyKeyOf(exchange.headers, exchange.query)
  const traceparent = exchange.span?.traceparent
  const { input, argument } = calledWith(exchange, catalog)
  const session = sessionIdOf(exchange.headers, exchange.query, argument)
  return {
    caller: callerOf(exchange),
    action: exchange.params.action as string,
    input,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(session === undefined ? {} : { session }),
    botVersion: botVersionOf(exchange.headers),
    callback: callbackOf(exchange.headers)
  }
}

/** A wait that was broken off shows the run as it was; one whose caller may wait no longer throws `unauthenticated`. */
export async function waitFor(engine: Engine, run: Run, options: { waitMs: number; signal: AbortSignal }): Promise<Run> {
  const { signal } = options
  const last = await engine.wait(run, options).catch(error => {
    if (signal.aborted) return run
    throw error
  })
  if (signal.reason instanceof RetrofitError) throw refusedWaiting(signal.reason, last)
  return last
}

/** The run goes on, and who is sent away can not know what it does. */
const refusedWaiting = ({ code, message }: RetrofitError, run: Run): RetrofitError =>
  new RetrofitError(code, {
    detail: message,
    runId: run.id,
    effect: hasEnded(run) ? run.effect : 'unknown',
    hint: `The run goes on. Get a new key or token and look it up: GET /v1/runs/${run.id}. Do not call again with another idempotency key.`
  })

const sendPlan = ({ response }: Exchange, plan: object): void =>
  sendJson(response, 200, plan, { 'content-type': 'application/vnd.retrofit.plan+json' })

interface Answering {
  readonly shape: Shape
  readonly headers: OutgoingHttpHeaders
}

function answer({ response }: Exchange, run: Run, { shape, headers }: Answering): void {
  const problem = problemOfRun(run)
  if (run.status === 'completed') sendOutput(response, run, { shape, headers })
  else if (problem !== undefined) sendProblem(response, problem, { headers, ...(problem.status === 503 ? { retryAfterMs: 5_000 } : {}) })
  else sendPending({ response }, run, { headers, query: shape.query })
}

/** The output itself; its files by link. */
function sendOutput(response: Exchange['response'], run: Run, { shape, headers }: Answering): void {
  const all = { 'run-id': run.id, 'bot-version': run.botDigest, vary: 'Accept', ...linksOf(run), ...partialOf(run), ...headers }
  if (shape.text) sendPlain(response, outputText(run, shape), all)
  else sendJson(response, 200, shape.select(run.output ?? null), all)
}

/** RFC 8288. */
function linksOf(run: Run): OutgoingHttpHeaders {
  const links = run.artifacts.map(
    ({ name, mediaType }) => `<${artifactHref(run, name)}>; rel="enclosure"; type="${mediaType.replaceAll(/[^\w.+/; =-]/g, '')}"`
  )
  return links.length === 0 ? {} : { link: links.join(', ') }
}

/** A list of strings, each with why (RFC 9651, section 3.1). */
function partialOf({ partial = [] }: Run): OutgoingHttpHeaders {
  const written = partial.map(({ name, reason }) => `${quoted(name)};reason=${quoted(reason)}`)
  return written.length === 0 ? {} : { 'result-partial': written.join(', ') }
}

const quoted = (text: string): string =>
  `"${text
    .replaceAll(/[\u2010-\u2015]/g, '-')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .replaceAll(/["\\]/g, '\\$&')}"`

interface PendingOptions {
  readonly headers?: OutgoingHttpHeaders
  readonly query?: string
}

export function sendPending({ response }: Pick<Exchange, 'response'>, run: Run, { headers = {}, query }: PendingOptions = {}): void {
  const pending = pendingView(run, query)
  sendJson(response, 202, pending, {
    location: `/v1/runs/${run.id}`,
    'retry-after': retryAfterSeconds(pending.pollAfterMs),
    'run-id': run.id,
    ...headers
  })
}
