/** `tools/call` of an action: the same run as over REST, waited for as long as a client waits. */
import type { CallToolResult } from '@modelcontextprotocol/server'
import { hasEnded } from '../../core/run.ts'
import type { Action, JsonObject, Run } from '../../core/types.ts'
import type { Submitted } from '../../engine/engine.ts'
import { waitFor } from '../actions.ts'
import { sessionIdOf } from '../call-headers.ts'
import { badCursor, type Cursor } from '../cursor.ts'
import { type Paged, pageOf, takePage } from '../take-page.ts'
import { toolOf } from '../tools.ts'
import { takeVersion } from './bot-version.ts'
import type { McpCall, McpDoor } from './door.ts'
import { takeKey } from './idempotency.ts'
import { failureOf, resultOf } from './results.ts'
import { taskOf } from './tasks.ts'
import { wantedOf } from './told-result.ts'
import { unstringified } from './unstringified.ts'

export interface ActionCall extends McpCall {
  readonly action: Action
  readonly args: JsonObject
  /** False where the tool that is called has no output schema. */
  readonly promised?: boolean
}

export async function callAction(door: McpDoor, call: ActionCall): Promise<CallToolResult> {
  try {
    const { args, page } = pagedCall(call)
    const wanted = wantedOf(call.action, page)
    const options = { budget: door.settings.resultTokens, page, promised: call.promised ?? true }
    if (wanted.cursor !== undefined) return await resultOf(await runOfCursor(door, call, wanted.cursor), call.action, options)
    const submitted = await submit(door, { ...call, args })
    const last = await endOf(door, call, submitted)
    if (call.asTask && !hasEnded(last)) return { ...taskOf(last), resultType: 'task', content: [] }
    const about = call.cancelled?.aborted ? leftRunning(last, submitted) : ''
    return await resultOf(last, call.action, { ...options, about })
  } catch (error) {
    return failureOf(error, call.action)
  }
}

/** A host writes what it wants of the output into `_meta`, a model among the arguments. */
function pagedCall({ action, args, meta }: ActionCall): Paged {
  const taken = takePage(action, args)
  const { fields, limit, cursor } = meta as JsonObject
  const ofHost = pageOf(
    Object.fromEntries(Object.entries({ fields, limit, cursor }).filter(([, value]) => value !== undefined)) as JsonObject
  )
  return {
    args: taken.args,
    page: {
      fields: taken.page.fields ?? ofHost.fields,
      limit: taken.page.limit ?? ofHost.limit,
      cursor: taken.page.cursor ?? ofHost.cursor
    }
  }
}

/** What follows an answer that was cut is read from its run: nothing is called again. */
async function runOfCursor({ engine }: McpDoor, { caller, action }: ActionCall, { runId }: Cursor): Promise<Run> {
  if (runId === undefined) throw badCursor('/cursor', 'names no run: give it to get_run')
  const run = await engine.find(caller, runId)
  if (run.action !== action.name) throw badCursor('/cursor', `is of a run of ${run.action}`)
  return run
}

export function submit({ engine }: McpDoor, { action, args, meta, caller, traceparent, session: carried }: ActionCall): Promise<Submitted> {
  const { args: unpinned, botVersion } = takeVersion(action, args, meta)
  const { args: own, key } = takeKey(action, unpinned, meta)
  const tool = toolOf(action, 'mcp', false, 'argument')
  const given = unstringified((tool.definition?.inputSchema ?? {}) as JsonObject, own)
  const session = sessionIdOf({ 'session-id': carried }, {}, tool.sessionOf(given))
  return engine.submit({
    caller,
    action: action.name,
    input: tool.toInput(given),
    botVersion,
    ...(session === undefined ? {} : { session }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(traceparent === undefined ? {} : { traceparent })
  })
}

async function endOf(door: McpDoor, call: ActionCall, { run, outcome }: Submitted): Promise<Run> {
  const last = await followed(door, call, run)
  // A read that nobody waits for is a waste. A write goes on: its client may only have lost the connection, and asks again with the same key.
  const unwanted = call.cancelled?.aborted || (call.signal.aborted && call.action.effect === 'read')
  const forsaken = unwanted && outcome === 'created'
  return forsaken && !hasEnded(last) ? cancelled(door, call, last) : last
}

/** Why a run has not ended whose call was cancelled. */
function leftRunning({ cancelRequested, effect }: Run, { outcome }: Submitted): string {
  if (outcome !== 'created') return 'This call was cancelled; its run was begun by an earlier call and goes on.'
  if (effect !== 'none') return 'It can not be cancelled any more: its effect may exist already.'
  return cancelRequested ? 'It is being cancelled.' : 'It could not be cancelled.'
}

/** The run as its cancelling left it. One that is past its commit point goes on. */
const cancelled = ({ engine }: McpDoor, { caller }: ActionCall, run: Run): Promise<Run> =>
  engine.cancel(caller, run.id).catch(() => engine.find(caller, run.id).catch(() => run))

/** The run when it has ended, or as it is when the wait is over; its steps are told on the way. */
export async function followed({ engine, settings, leaving }: McpDoor, call: McpCall, run: Run): Promise<Run> {
  if (hasEnded(run)) return run
  const waitMs = call.asTask ? settings.mcpTaskAfterMs : settings.mcpWaitMs
  call.progress(run.status)
  const off = engine.watch(run.id, event => {
    if (event.type === 'step') call.progress(event.step.name)
    else if (event.type === 'status') call.progress(event.status)
  })
  try {
    return await waitFor(engine, run, { waitMs, signal: AbortSignal.any([call.signal, leaving]) })
  } finally {
    off()
  }
}
