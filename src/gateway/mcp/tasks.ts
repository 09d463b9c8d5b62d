/**
 * The Tasks extension (SEP-2663), for clients that declare it: a call that takes longer answers a task, which is the run under another
 * name. It is as durable as the run, and any gateway can answer for it.
 */
import {
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { RetrofitError } from '../../core/errors.ts'
import { hasEnded } from '../../core/run.ts'
import type { Caller, JsonObject, Run, RunStatus } from '../../core/types.ts'
import { pollAfterMs } from '../run-view.ts'
import type { McpDoor } from './door.ts'
import { resultOf } from './results.ts'

export const tasksExtension = 'io.modelcontextprotocol/tasks'
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities'

export function declaresTasks({ mcpReq }: ServerContext): boolean {
  const capabilities = (mcpReq.envelope as JsonObject | undefined)?.[capabilitiesKey] as { readonly extensions?: JsonObject } | undefined
  return capabilities?.extensions?.[tasksExtension] !== undefined
}

/** What a tool answered, also a failure, is a completed task; `failed` is for errors of the protocol. */
const statuses: Readonly<Record<RunStatus, string>> = {
  queued: 'working',
  working: 'working',
  input_required: 'input_required',
  completed: 'completed',
  failed: 'completed',
  outcome_unknown: 'completed',
  cancelled: 'cancelled'
}

export const taskOf = (run: Run): JsonObject => ({
  taskId: run.id,
  status: statuses[run.status],
  createdAt: new Date(run.createdAt).toISOString(),
  lastUpdatedAt: new Date(run.updatedAt).toISOString(),
  ttlMs: run.ttlMs,
  pollIntervalMs: pollAfterMs(run)
})

const taskParams = z.looseObject({ taskId: z.string() })

export function handleTasks(server: Server, door: McpDoor, caller: Caller): void {
  const handle = (method: string, answer: (run: Run) => Promise<JsonObject>) =>
    server.setRequestHandler(method, { params: taskParams }, async ({ taskId }, context) => {
      if (!declaresTasks(context)) throw undeclared()
      return answer(await taskRun(door, caller, taskId)) as Promise<never>
    })
  handle('tasks/get', async run => ({ ...taskOf(run), ...(await resultIn(door, run)) }))
  handle('tasks/cancel', async run => {
    if (!hasEnded(run)) await door.engine.cancel(caller, run.id).catch(keepOwn)
    return {}
  })
  handle('tasks/update', async () => {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'This task waits for no input')
  })
}

const undeclared = () => new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [tasksExtension]: {} } } })

/** Past its commit point a run can not be cancelled: the task goes on, and says so when it is looked at. */
function keepOwn(error: unknown): void {
  if (!(error instanceof RetrofitError && error.status === 409)) throw error
}

async function taskRun({ engine }: McpDoor, caller: Caller, taskId: string): Promise<Run> {
  return engine.find(caller, taskId).catch(error => {
    if (error instanceof RetrofitError && error.status === 404)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no such task')
    throw error
  })
}

async function resultIn({ engine, settings }: McpDoor, run: Run): Promise<JsonObject> {
  const action = await engine.catalog.actionOf(run)
  if (statuses[run.status] !== 'completed' || action === undefined) return {}
  return { result: (await resultOf(run, action, { budget: settings.resultTokens, promised: true })) as unknown as JsonObject }
}
