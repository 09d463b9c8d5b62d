/** POST /v1/actions/{action}: the one call that all the others are about. */
import type { OutgoingHttpHeaders } from 'node:http'
import { RetrofitError } from '../core/errors.ts'
import { hasEnded } from '../core/run.ts'
import type { Action, JsonObject, Run } from '../core/types.ts'
import type { CallRequest, Catalog, Engine } from '../engine/engine.ts'
import { sendSecretsAsTheyAre } from './bytes.ts'
import { botVersionOf, idempotencyKeyOf, sessionIdOf, waitOf } from './call-headers.ts'
import { callbackOf } from './callbacks/callback-of.ts'
import { badCursor, type Cursor } from './cursor.ts'
import { callerOf, type Exchange, goneSignal, retryAfterSeconds, type Staying, sendJson, sendPlain, sendProblem } from './exchange.ts'
import { toldJson } from './presented.ts'
import { problemOfRun } from './problem.ts'
import { problemForModel } from './problem-for-model.ts'
import type { Handle } from './router.ts'
import { nextHref, outputText } from './run-text.ts'
import { artifactHref, pendingView } from './run-view.ts'
import { serverTiming } from './server-timing.ts'
import type { GatewaySettings } from './settings.ts'
import { callShapeOf, type Shape } from './shape.ts'
import { takePage } from './take-page.ts'
import { calledWith } from './tools.ts'

export interface ActionOptions extends Staying {
  readonly engine: Engine
  readonly settings: GatewaySettings
}

export function actionOperations({ engine, settings, ...staying }: ActionOptions): Record<'callAction', Handle> {
  return {
    async callAction(arrived) {
      const wait = waitOf({ ...arrived, ...settings })
      const action = engine.catalog.action(arrived.params.action as string, callerOf(arrived).tenant)?.action
      const exchange = withPage(arrived, action)
      const shape = callShapeOf(exchange, action)
      const answering = { shape, action, budget: settings.resultTokens }
      if (shape.cursor !== undefined)
        return answer(exchange, await runOfCursor(engine, exchange, shape.cursor), { ...answering, headers: {} })
      sendSecretsAsTheyAre(exchange.response, action)
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
      await answer(exchange, last, { ...answering, headers })
    }
  }
}

/** What a model wrote among its arguments stands in the query as if it had been sent there. */
function withPage(exchange: Exchange, action: Action | undefined): Exchange {
  if (exchange.query.format === undefined || action === undefined) return exchange
  const { args, page } = takePage(action, exchange.body as JsonObject)
  const query = Object.entries(page).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return { ...exchange, body: args, query: { ...exchange.query, ...Object.fromEntries(query) } }
}

/** What follows an answer that was cut is read from its run: nothing is called again. */
async function runOfCursor(engine: Engine, exchange: Exchange, { runId }: Cursor): Promise<Run> {
  const { action = '' } = exchange.params
  if (runId === undefined) throw badCursor('/query/cursor', 'names no run: send it to GET /v1/runs/{runId}')
  const run = await engine.find(callerOf(exchange), runId)
  if (run.action !== action) throw badCursor('/query/cursor', `is of a run of ${run.action}`)
  return run
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
    priority: exchange.headers['run-priority'] === 'high' ? 'high' : undefined,
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
  readonly action: Action | undefined
  readonly budget: number
  readonly headers: OutgoingHttpHeaders
}

async function answer({ response }: Exchange, run: Run, answering: Answering): Promise<void> {
  const { shape, action, headers } = answering
  const problem = problemOfRun(run)
  if (run.status === 'completed') return await sendOutput(response, run, answering)
  if (problem === undefined) return sendPending({ response }, run, { headers, query: shape.query })
  const told = shape.forModel ? problemForModel(problem, action) : problem
  sendProblem(response, told, { headers, ...(problem.status === 503 ? { retryAfterMs: 5_000 } : {}) })
}

/** The output itself; its files by link. */
async function sendOutput(response: Exchange['response'], run: Run, { shape, action, budget, headers }: Answering): Promise<void> {
  const all = (next: string | undefined): OutgoingHttpHeaders => ({
    'run-id': run.id,
    'bot-version': run.botDigest,
    ...nextLink(run, shape, next),
    ...partialOf(run),
    ...headers
  })
  response.appendHeader('vary', 'Accept')
  if (shape.text) {
    const { text, next } = await outputText(run, shape, { budget, action })
    return sendPlain(response, text, all(next))
  }
  const { value, next } = toldJson(run, shape)
  sendJson(response, 200, value, all(next))
}

/** RFC 8288: files, and what follows. `next`: the cursor of it. */
export function nextLink(run: Run, { query }: Pick<Shape, 'query'>, next: string | undefined): OutgoingHttpHeaders {
  const links = [...fileLinks(run), ...(next === undefined ? [] : [`<${nextHref(run, query, next)}>; rel="next"`])]
  return links.length === 0 ? {} : { link: links.join(', ') }
}

const fileLinks = (run: Run): readonly string[] =>
  run.artifacts.map(
    ({ name, mediaType }) => `<${artifactHref(run, name)}>; rel="enclosure"; type="${mediaType.replaceAll(/[^\w.+/; =-]/g, '')}"`
  )

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
