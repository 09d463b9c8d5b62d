/** POST /v1/actions/{action}/batch: many calls of one action, with an answer for each. */
import { RetrofitError } from '../core/errors.ts'
import { hasEnded } from '../core/run.ts'
import type { FieldError, JsonObject, Run } from '../core/types.ts'
import type { BatchItem, BatchRequest, Engine, Plan, Submitted } from '../engine/engine.ts'
import { type ActionOptions, waitFor } from './actions.ts'
import { sendSecretsAsTheyAre } from './bytes.ts'
import { botVersionOf, isLenient, sessionIdOf, waitOf } from './call-headers.ts'
import { callbackOf } from './callbacks/callback-of.ts'
import { callerOf, type Exchange, goneSignal, retryAfterSeconds, sendJson } from './exchange.ts'
import { problemOfError, problemOfRun } from './problem.ts'
import type { Handle } from './router.ts'
import { pollAfterMs } from './run-view.ts'
import type { GatewaySettings } from './settings.ts'

interface Item {
  readonly key?: string
  readonly input: JsonObject
}

/** Of all outputs of one answer, as JSON. */
const mostOutput = 4 * 1_048_576
const waitedForAtOnce = 50

export function batchOperations(options: ActionOptions): Record<'callActions', Handle> {
  const { engine, settings } = options
  return {
    async callActions(exchange) {
      const wait = waitOf({ ...exchange, maxWaitMs: settings.maxWaitMs, defaultWaitMs: 0 })
      const items = itemsOf(exchange)
      const { tenant } = callerOf(exchange)
      sendSecretsAsTheyAre(exchange.response, engine.catalog.action(exchange.params.action as string, tenant)?.action)
      await countCalls(exchange, items.length, settings)
      const request = batchRequestOf(exchange, items, wait.timeoutMs)
      if (exchange.query.dryRun === 'true') return sendPlans(exchange, items, await engine.planBatch(request))
      const answers = await engine.submitBatch(request)
      const until = exchange.receivedAt + wait.waitMs
      const last = wait.waitMs <= 0 ? answers : await ended(engine, answers, { until, signal: goneSignal(exchange, options) })
      const lenient = request.lenient ? ['handling=lenient'] : []
      const applied = [...(wait.applied === undefined ? [] : [wait.applied]), ...lenient].join(', ')
      sendAnswers(exchange, items, { answers: last, headers: applied === '' ? {} : { 'preference-applied': applied } })
    }
  }
}

const invalid = (errors: readonly FieldError[]): RetrofitError =>
  new RetrofitError('invalid_input', { detail: `${errors[0]?.pointer} ${errors[0]?.message}`, errors })

function itemsOf({ headers, query, body }: Exchange): readonly Item[] {
  if (headers['idempotency-key'] !== undefined || query.idempotencyKey !== undefined) {
    const message = 'is for one call; a batch has a key in each of its items'
    throw new RetrofitError('invalid_request', {
      detail: `Idempotency-Key ${message}`,
      errors: [{ pointer: '/header/Idempotency-Key', message }]
    })
  }
  const shape = ['fields', 'view', 'format', 'strict', 'limit', 'cursor'].find(name => query[name] !== undefined)
  if (shape !== undefined) {
    const message = 'is for one call; a batch answers whole outputs as JSON'
    throw new RetrofitError('invalid_request', { detail: `${shape} ${message}`, errors: [{ pointer: `/query/${shape}`, message }] })
  }
  const { items } = body as unknown as { readonly items: readonly Item[] }
  const message = 'has 1 to 255 printable ASCII characters'
  const errors = items.flatMap(({ key = '-' }, index) =>
    /^[\x20-\x7e]{1,255}$/.test(key) ? [] : [{ pointer: `/items/${index}/key`, message }]
  )
  if (errors.length > 0) throw invalid(errors)
  return items
}

/** The request itself was counted as one. */
async function countCalls({ countCalls }: Exchange, calls: number, { maxCallsPerSecond }: GatewaySettings): Promise<void> {
  if (maxCallsPerSecond > 0 && calls > maxCallsPerSecond)
    throw invalid([
      { pointer: '/items', message: `has ${calls} items; a key may make ${maxCallsPerSecond} calls in a second: send smaller batches` }
    ])
  if (calls > 1) await countCalls?.(calls - 1)
}

function batchRequestOf(exchange: Exchange, items: readonly Item[], timeoutMs: number | undefined): BatchRequest {
  const { headers, query, params, span } = exchange
  const session = sessionIdOf(headers, query, undefined)
  return {
    caller: callerOf(exchange),
    action: params.action as string,
    items: items.map(({ key, input }): BatchItem => ({ input, idempotencyKey: key })),
    lenient: isLenient(headers.prefer),
    botVersion: botVersionOf(headers),
    priority: headers['run-priority'] === 'high' ? 'high' : undefined,
    callback: callbackOf(headers),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(span === undefined ? {} : { traceparent: span.traceparent }),
    ...(session === undefined ? {} : { session })
  }
}

type Answers = readonly (Submitted | RetrofitError)[]

/** Each is looked at once more, however little time is left: it may have ended while others were waited for. */
async function ended(
  engine: Engine,
  answers: Answers,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal }
): Promise<Answers> {
  const last: (Submitted | RetrofitError)[] = []
  for (let start = 0; start < answers.length; start += waitedForAtOnce) {
    const waitMs = Math.max(1, until - performance.now())
    const some = answers.slice(start, start + waitedForAtOnce).map(async one => {
      if (one instanceof RetrofitError || hasEnded(one.run)) return one
      return { ...one, run: await waitFor(engine, one.run, { waitMs, signal }) }
    })
    last.push(...(await Promise.all(some)))
  }
  return last
}

interface Answering {
  readonly answers: Answers
  readonly headers: Readonly<Record<string, string>>
}

function sendAnswers({ response }: Exchange, items: readonly Item[], { answers, headers }: Answering): void {
  const runs = answers.flatMap(one => (one instanceof RetrofitError ? [] : [one.run]))
  const open = runs.filter(run => !hasEnded(run))
  const room = { bytes: mostOutput }
  const body = {
    accepted: runs.length,
    refused: answers.length - runs.length,
    ended: runs.length - open.length,
    items: answers.map((one, index) => ({
      ...nameOf(items, index),
      ...(one instanceof RetrofitError ? refusedView(one) : runView(one, room))
    }))
  }
  const retry = open[0] === undefined ? {} : { 'retry-after': retryAfterSeconds(pollAfterMs(open[0])) }
  sendJson(response, open.length === 0 ? 200 : 202, body, { ...retry, ...headers })
}

const nameOf = (items: readonly Item[], index: number): object => {
  const key = items[index]?.key
  return key === undefined ? { index } : { index, key }
}

const refusedView = (error: RetrofitError): object => ({ error: problemOfError(error).problem })

function runView({ run, outcome }: Submitted, room: { bytes: number }): object {
  const { id, status, effect, partial } = run
  const view = { runId: id, outcome, status, effect, href: `/v1/runs/${id}`, ...outputOf(run, room) }
  const error = problemOfRun(run)
  return { ...view, ...(partial === undefined ? {} : { partial }), ...(error === undefined ? {} : { error }) }
}

function outputOf({ status, output = null }: Run, room: { bytes: number }): object {
  if (status !== 'completed') return {}
  room.bytes -= Buffer.byteLength(JSON.stringify(output))
  return room.bytes < 0 ? { outputOmitted: 'The answer would be too large; get it with href.' } : { output }
}

function sendPlans({ response }: Exchange, items: readonly Item[], plans: readonly (Plan | RetrofitError)[]): void {
  const refused = plans.filter(one => one instanceof RetrofitError).length
  const views = plans.map((one, index) => ({
    ...nameOf(items, index),
    ...(one instanceof RetrofitError ? refusedView(one) : { plan: one })
  }))
  sendJson(response, 200, { accepted: 0, refused, ended: 0, items: views })
}
