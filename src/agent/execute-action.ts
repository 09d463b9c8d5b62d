/** The action execution that is used when no other is given: one call of the HTTP contract, and the wait for its run. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json, JsonObject, RunEffect } from '../core/types.ts'
import { hintFor } from '../surface/hint-for.ts'
import { untrusted } from '../surface/text-twin.ts'
import type { ActionExecution, ExecuteOptions, Inference, Outcome, ReadyCall } from './agent.ts'
import { type Gateway, type GatewayAnswer, isObject, type RunView } from './gateway.ts'
import { shortened } from './old-results.ts'
import type { ConversationSession } from './session.ts'

export interface ExecutionOptions {
  readonly gateway: Gateway
  readonly format: Inference['format']
  readonly strict: boolean
  /** Absent: calls are made without one. */
  readonly session?: ConversationSession | undefined
  /** How long nobody may answer before a call is given up. */
  readonly patienceMs?: number
  /** The longest result that a model gets to read, where the gateway sets no budget. */
  readonly resultCharacters?: number
}

/** Short, so that the run is known early: then its steps can be shown, and it can be cancelled. */
const firstWaitSeconds = 2
const nextWaitSeconds = 3

export function createExecution(options: ExecutionOptions): ActionExecution {
  return {
    async execute(call, how) {
      const outcome = await run(call, how, options).catch(error => unreachable(call, error as Error))
      return { ...outcome, text: cut(outcome.text, options.resultCharacters ?? 400_000) }
    }
  }
}

async function run(call: ReadyCall, how: ExecuteOptions, options: ExecutionOptions): Promise<Outcome> {
  const { session } = options
  const id = call.tool.usesSession ? await session?.id() : undefined
  const outcome = await runIn(id, { call, how, options })
  if (id === undefined || outcome.code !== 'session_not_found') return outcome
  // Nothing was done: the session had expired.
  session?.forget(id)
  return await runIn(await session?.id(), { call, how, options })
}

interface Running {
  readonly call: ReadyCall
  readonly how: ExecuteOptions
  readonly options: ExecutionOptions
}

async function runIn(session: string | undefined, { call, how, options }: Running): Promise<Outcome> {
  const { gateway, format, strict } = options
  // Not bound to the caller's signal: a call whose run is not known can not be cancelled.
  const post = () =>
    gateway.send('POST', `/v1/actions/${encodeURIComponent(call.tool.name)}?format=${format}${strict ? '&strict=true' : ''}&view=text`, {
      body: call.input,
      headers: {
        'idempotency-key': `"${how.idempotencyKey}"`,
        prefer: `wait=${firstWaitSeconds}`,
        ...(session === undefined ? {} : { 'session-id': session })
      },
      signal: AbortSignal.timeout(30_000)
    })
  const patience = { signal: how.signal, patienceMs: options.patienceMs ?? 60_000 }
  const answer = await patiently(post, patience)
  if (answer.status !== 202) return outcomeOf(answer)
  const stopped = await follow((answer.body as JsonObject).runId as string, how, options)
  // The same key again is the same run, now that it is done: its answer, as if it had been there at once.
  return stopped ?? { ...outcomeOf(await patiently(post, patience)), replayed: false }
}

/** Sends again, with the same key, while nobody answers or the answer is "not now". */
async function patiently(
  send: () => Promise<GatewayAnswer>,
  { signal, patienceMs }: { readonly signal: AbortSignal; readonly patienceMs: number }
): Promise<GatewayAnswer> {
  const until = Date.now() + patienceMs
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    const answer = await send().catch((error: Error) => error)
    const busy = !Error.isError(answer) && (answer.status === 429 || answer.status === 503)
    if (!Error.isError(answer) && !busy) return answer
    const told = Error.isError(answer) ? 0 : Number(answer.headers.get('retry-after') ?? 0) * 1_000
    const pauseMs = Math.max(waitMs, told)
    if (signal.aborted || Date.now() + pauseMs > until) {
      if (Error.isError(answer)) throw answer
      return answer
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Waits on the run itself; undefined when it is completed. The model is not asked to poll: it costs tokens, and it knows less than we do. */
async function follow(
  runId: string,
  { signal, onProgress }: ExecuteOptions,
  { gateway, format, patienceMs = 60_000 }: ExecutionOptions
): Promise<Outcome | undefined> {
  for (;;) {
    if (signal.aborted) return await giveUp(runId, { gateway, format })
    const look = () =>
      gateway.send('GET', `/v1/runs/${runId}?wait=${nextWaitSeconds}&format=${format}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)])
      })
    const answer = await patiently(look, { signal, patienceMs }).catch(error => {
      if (!signal.aborted) throw error
    })
    if (answer === undefined) continue
    if (answer.status !== 200) return outcomeOf(answer)
    const view = answer.body as unknown as RunView
    if (view.status === 'input_required') return waitsForApproval(runId)
    if (view.status !== 'queued' && view.status !== 'working') return notDone(view)
    onProgress({ runId, status: view.status, step: view.steps.at(-1)?.name })
  }
}

/** The person stopped it: what is before its commit point is cancelled, the rest goes on and is said to. */
async function giveUp(runId: string, { gateway, format }: Pick<ExecutionOptions, 'gateway' | 'format'>): Promise<Outcome | undefined> {
  const limit = { signal: AbortSignal.timeout(10_000) }
  await gateway.send('POST', `/v1/runs/${runId}/cancel`, limit)
  const { status, body } = await gateway.send('GET', `/v1/runs/${runId}?wait=5&format=${format}`, limit)
  const view = body as unknown as RunView
  if (status === 200 && view.status !== 'queued' && view.status !== 'working') return notDone(view)
  const detail = 'The person stopped waiting; the run can not be cancelled any more and goes on.'
  return failed({ code: 'interrupted', detail, runId, effect: 'unknown' })
}

/** Not asked for by its key: that of a failed run may be free, and the call would begin anew. */
const notDone = ({ status, error, runId }: RunView): Outcome | undefined =>
  status === 'completed' ? undefined : failed({ code: status, runId, ...error })

function outcomeOf({ status, headers, body }: GatewayAnswer): Outcome {
  const runId = headers.get('run-id')
  const known = runId === null ? {} : { runId }
  const replayed = headers.get('idempotent-replayed') === 'true' ? { replayed: true } : {}
  if (status === 200)
    return { ok: true, text: typeof body === 'string' ? body : JSON.stringify(body), effect: 'committed', ...known, ...replayed }
  const retryAfter = headers.get('retry-after')
  const retryAfterMs = retryAfter === null ? undefined : Number(retryAfter) * 1_000
  return { ...failed(isObject(body) ? body : { code: `http_${status}` }, retryAfterMs), ...known, ...replayed }
}

function waitsForApproval(runId: string): Outcome {
  const detail = 'The run waits until a person approves it. It is not done yet.'
  const hint = 'Do not call it again; tell the person that it waits for an approval.'
  return failed({ code: 'input_required', detail, hint, runId, effect: 'unknown' })
}

/** Of a problem, what a model can use. */
const members = ['detail', 'errors', 'hint', 'retryable', 'effect', 'runId'] as const

function failed(told: JsonObject, retryAfterMs?: number): Outcome {
  const hint = hintFor('chat', { code: String(told.code), hint: told.hint as string | undefined, retryAfterMs })
  const problem: JsonObject = { ...told, ...(hint === undefined ? {} : { hint }) }
  const kept: (readonly [string, Json | undefined])[] = members
    .filter(name => problem[name] !== undefined)
    .map(name => [name, problem[name]])
  if (typeof problem.targetSaid === 'string') kept.push(['targetSaid', marked(problem.targetSaid)])
  const code = String(problem.code ?? 'failed')
  return {
    ok: false,
    code,
    text: JSON.stringify({ error: code, ...Object.fromEntries(kept) }),
    effect: (problem.effect as RunEffect | undefined) ?? 'none',
    ...(typeof problem.runId === 'string' ? { runId: problem.runId } : {})
  }
}

/** Nobody knows whether the call came through. */
function unreachable({ tool }: ReadyCall, error: Error): Outcome {
  const cause = Error.isError(error.cause) ? ` (${error.cause.message})` : ''
  return failed({
    code: 'gateway_away',
    detail: `Nobody answers: ${error.message}${cause}`,
    effect: tool.effect === 'read' ? 'none' : 'unknown',
    retryable: tool.effect === 'read',
    hint: tool.effect === 'read' ? 'Try again later.' : 'Do NOT repeat it: it may have happened. Ask a person to look.'
  })
}

/** A gateway marks what it gives to a model; one that knew no better does not. */
const marked = (text: string): string => (/^«[^«»]*»$/.test(text) ? text : untrusted(text))

const cut = (text: string, most: number): string => shortened(text, most, `cut: ${text.length} characters in all; ask for less`)
