/** The operations on runs. */
import type { OutgoingHttpHeaders } from 'node:http'
import { hasEnded } from '../core/run.ts'
import type { Action, JsonObject, Run, RunStatus } from '../core/types.ts'
import { checkMayCancel, checkMayRetry } from './access.ts'
import { type ActionOptions, nextLink, sendPending, waitFor } from './actions.ts'
import { sendArtifact } from './artifacts.ts'
import { sendAsItIs, sendSecretsAsTheyAre } from './bytes.ts'
import { badCursor } from './cursor.ts'
import { callerOf, type Exchange, goneSignal, retryAfterSeconds, sendJson, sendPlain } from './exchange.ts'
import { toldJson } from './presented.ts'
import { problemForModel } from './problem-for-model.ts'
import type { Handle } from './router.ts'
import { sendEvents } from './run-events.ts'
import { runText } from './run-text.ts'
import { pollAfterMs, runView, summaryOf } from './run-view.ts'
import { type Shape, shapeOf } from './shape.ts'

type RunOperation = 'listRuns' | 'getRun' | 'watchRun' | 'getArtifact' | 'cancelRun' | 'resolveRun' | 'probeRun' | 'retryRun'

export function runOperations(options: ActionOptions): Record<RunOperation, Handle> {
  const { engine, settings } = options
  const visible = (exchange: Exchange): Promise<Run> => engine.find(callerOf(exchange), exchange.params.runId as string)
  return {
    async listRuns(exchange) {
      const { runs, next = null } = await engine.list(callerOf(exchange), queryOf(exchange))
      sendJson(exchange.response, 200, { runs: runs.map(summaryOf), next })
    },
    async getRun(exchange) {
      const run = await visible(exchange)
      const action = await engine.catalog.actionOf(run)
      const shape = runShapeOf(exchange, run, action)
      sendSecretsAsTheyAre(exchange.response, action)
      const waitMs = Math.min(Number(exchange.query.wait ?? 0) * 1_000, settings.maxWaitMs)
      const waits = waitMs > 0 && !hasEnded(run)
      const last = waits ? await waitFor(engine, run, { waitMs, signal: goneSignal(exchange, options) }) : run
      await sendShaped(exchange, last, { shape, action, budget: settings.resultTokens })
    },
    async watchRun(exchange) {
      await sendEvents(exchange, await visible(exchange), options)
    },
    async getArtifact(exchange) {
      await visible(exchange)
      await sendArtifact(exchange, engine)
    },
    async cancelRun(exchange) {
      const run = await visible(exchange)
      checkMayCancel(callerOf(exchange), run)
      sendRun(exchange, await engine.cancel(callerOf(exchange), run.id))
    },
    async resolveRun(exchange) {
      const run = await visible(exchange)
      const decision = exchange.body as unknown as { outcome: 'completed' | 'not_done'; output?: JsonObject }
      sendRun(exchange, await engine.resolve(callerOf(exchange), run.id, decision))
    },
    async probeRun(exchange) {
      const run = await visible(exchange)
      const seconds = Number(exchange.query.wait ?? lookSeconds)
      const after = await engine.probe(callerOf(exchange), run.id, { waitMs: Math.min(seconds * 1_000, settings.maxWaitMs) })
      if (after.lookFor === undefined) sendRun(exchange, after)
      else sendPending(exchange, after)
    },
    async retryRun(exchange) {
      const run = await visible(exchange)
      checkMayRetry(engine, callerOf(exchange), run)
      sendPending(exchange, await engine.retry(callerOf(exchange), run.id))
    }
  }
}

/** A login and a few pages. */
const lookSeconds = 50

/** The output as the run's own version of the bot describes it. A cursor may name the run, which then is this one. */
function runShapeOf(exchange: Exchange, { id }: Run, action: Action | undefined): Shape {
  const shape = shapeOf(exchange, action?.output)
  if ((shape.cursor?.runId ?? id) !== id) throw badCursor('/query/cursor', 'is of another run')
  return shape
}

const waitingHeaders = (run: Run): OutgoingHttpHeaders => (hasEnded(run) ? {} : { 'retry-after': retryAfterSeconds(pollAfterMs(run)) })

function sendRun({ response }: Exchange, run: Run): void {
  sendAsItIs(response)
  sendJson(response, 200, runView(run), waitingHeaders(run))
}

interface Sending {
  readonly shape: Shape
  readonly action: Action | undefined
  readonly budget: number
}

async function sendShaped({ response }: Exchange, run: Run, { shape, action, budget }: Sending): Promise<void> {
  const headers = waitingHeaders(run)
  response.appendHeader('vary', 'Accept')
  if (shape.text) {
    const { text, next } = await runText(run, shape, { budget, action })
    return sendPlain(response, text, { ...headers, ...nextLink(run, shape, next) })
  }
  const { value, next } = toldJson(run, shape)
  const view = runView(run, { output: () => value, error: problem => (shape.forModel ? problemForModel(problem, action) : problem) })
  sendJson(response, 200, view, { ...headers, ...nextLink(run, shape, next) })
}

interface PageQuery {
  readonly status?: RunStatus
  readonly action?: string
  readonly bot?: string
  readonly before?: string
  readonly limit: number
}

function queryOf({ query }: Exchange): PageQuery {
  const { status, action, bot, cursor, limit } = query as Record<string, string | undefined>
  return {
    limit: Number(limit ?? 20),
    ...(status === undefined ? {} : { status: status as RunStatus }),
    ...(action === undefined ? {} : { action }),
    ...(bot === undefined ? {} : { bot }),
    ...(cursor === undefined ? {} : { before: cursor })
  }
}
