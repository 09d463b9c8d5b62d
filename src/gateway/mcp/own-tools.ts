/** Tools of Retrofit itself: to look at a run, and to find actions where they are too many to list. */
import type { CallToolResult } from '@modelcontextprotocol/server'
import { RetrofitError } from '../../core/errors.ts'
import type { Action, JsonObject } from '../../core/types.ts'
import { noSuchAction } from '../../engine/no-such-action.ts'
import { badCursor } from '../cursor.ts'
import { mostItems, pageOf } from '../take-page.ts'
import { usableActions } from '../usable-actions.ts'
import { callAction, followed } from './call-action.ts'
import { actionsOf, type McpCall, type McpDoor } from './door.ts'
import { sessionFormOf } from './open-session.ts'
import { resultOf, structured } from './results.ts'
import { wantedOf } from './told-result.ts'
import { definitionOf } from './tool-list.ts'

export interface OwnTool {
  readonly definition: JsonObject & { readonly name: string }
  call(door: McpDoor, call: McpCall, args: JsonObject): Promise<CallToolResult>
}

const object = (properties: JsonObject, required: readonly string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false
})
const looks: JsonObject = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

const getRun: OwnTool = {
  definition: {
    name: 'get_run',
    title: 'Look at a run',
    description:
      'Waits for a run that was still running, or goes on with an answer that was cut, and answers what its action would have answered. Use it only when an answer says so.',
    inputSchema: object(
      {
        run_id: { type: 'string', description: 'The runId of the answer.' },
        fields: { type: 'string', description: 'Only these names of the output, as account,rows.amount.' },
        limit: { type: 'integer', minimum: 1, maximum: mostItems, description: 'Only so many items of its lists.' },
        cursor: { type: 'string', description: 'What follows a cut answer, as that answer says.' }
      },
      ['run_id']
    ),
    annotations: { title: 'Look at a run', ...looks }
  },
  async call(door, call, args) {
    const page = pageOf(args)
    const run = await door.engine.find(call.caller, textOf(args, 'run_id'))
    const last = await followed(door, { ...call, asTask: false }, run)
    const action = await door.engine.catalog.actionOf(run)
    if (action === undefined) throw new RetrofitError('action_not_found', { detail: `The bot of run ${run.id} is gone.` })
    const { cursor } = wantedOf(action, page)
    if ((cursor?.runId ?? run.id) !== run.id) throw badCursor('/cursor', 'is of another run')
    return await resultOf(last, action, { budget: door.settings.resultTokens, page })
  }
}

const searchTool: OwnTool = {
  definition: {
    name: 'search_actions',
    title: 'Find actions',
    description: 'Finds the actions that fit what should be done, best first. Then describe_action tells the arguments of one.',
    inputSchema: object(
      {
        query: { type: 'string', description: 'What should be done, in a few words.' },
        limit: { type: 'integer', minimum: 1, maximum: 50, description: 'How many at most; 10 when left out.' }
      },
      ['query']
    ),
    annotations: { title: 'Find actions', ...looks }
  },
  async call(door, { caller }, args) {
    const query = textOf(args, 'query')
    const { actions, index } = usableActions(door.engine.catalog, caller)
    const limit = typeof args.limit === 'number' ? Math.min(50, Math.max(1, Math.trunc(args.limit))) : 10
    const found = (await index()).search(query).slice(0, limit)
    const lines = found.map(({ name, title, description }) => `${name}: ${title}. ${description}`)
    const said = found.length === 0 ? `None of ${actions.length} actions fits; try other words.` : lines.join('\n')
    const list = found.map(({ name, title, description, effect }) => ({ name, title, description, effect }))
    return structured({ actions: list }, said)
  }
}

const describeTool: OwnTool = {
  definition: {
    name: 'describe_action',
    title: 'Describe an action',
    description: 'Tells the arguments that an action takes and what it answers.',
    inputSchema: object({ name: { type: 'string', description: 'As search_actions names it.' } }, ['name']),
    annotations: { title: 'Describe an action', ...looks }
  },
  async call(door, call, args) {
    const definition = definitionOf(mine(door, call, textOf(args, 'name')), await sessionFormOf(door, call))
    if (definition === undefined) throw notTold(textOf(args, 'name'))
    return structured(definition, JSON.stringify(definition))
  }
}

const callTool: OwnTool = {
  definition: {
    name: 'call_action',
    title: 'Call an action',
    description: 'Calls an action with the arguments that describe_action tells. What it does to the target is up to that action.',
    inputSchema: object(
      {
        name: { type: 'string', description: 'As search_actions names it.' },
        arguments: { type: 'object', description: 'Its arguments.' }
      },
      ['name', 'arguments']
    ),
    annotations: { title: 'Call an action', readOnlyHint: false, destructiveHint: true, idempotentHint: false }
  },
  async call(door, call, args) {
    const action = mine(door, call, textOf(args, 'name'))
    const own = args.arguments ?? {}
    if (typeof own !== 'object' || Array.isArray(own)) throw missing('arguments', 'must be an object')
    return callAction(door, { ...call, action, args: own as JsonObject, promised: false })
  }
}

export const runTools: readonly OwnTool[] = [getRun]
export const catalogueTools: readonly OwnTool[] = [searchTool, describeTool, callTool]

function mine(door: McpDoor, { caller }: McpCall, name: string): Action {
  const action = actionsOf(door, caller).find(one => one.name === name)
  if (action === undefined) throw noSuchAction(door.engine.catalog, caller, { name, hint: 'Find its name with search_actions.' })
  return action
}

/** Its schema goes into no tool list. */
const notTold = (name: string): RetrofitError =>
  new RetrofitError('action_not_found', { detail: `There is no action ${name.slice(0, 80)}.`, hint: 'Find its name with search_actions.' })

const missing = (name: string, message: string): RetrofitError =>
  new RetrofitError('invalid_input', { detail: `${name} ${message}`, errors: [{ pointer: `/${name}`, message }] })

function textOf(args: JsonObject, name: string): string {
  const value = args[name]
  if (typeof value === 'string') return value
  throw missing(name, 'must be a text')
}
