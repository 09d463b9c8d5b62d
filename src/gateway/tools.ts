/** GET /tools, and the way back: what a model sent becomes the action's own input. */
import { RetrofitError } from '../core/errors.ts'
import type { Action, Caller, JsonObject } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { compileTool, compileTools, type Tool } from '../surface/compile-tool.ts'
import { type Dialect, dialects } from '../surface/dialect.ts'
import { callerOf, type Exchange } from './exchange.ts'
import { namesHeader } from './names-header.ts'
import { createPublisher, type Made } from './publisher.ts'
import type { Handle } from './router.ts'

interface Wanted {
  readonly format: Dialect
  readonly strict: boolean
  readonly bot?: string | undefined
}

export function toolOperations(catalog: Catalog): Record<'listTools', Handle> {
  const publish = createPublisher(catalog)
  return {
    async listTools(exchange) {
      const { format, strict } = wantedOf(exchange)
      const bot = exchange.query.bot as string | undefined
      await publish(exchange, `${format} ${strict} ${bot ?? ''}`, caller => toolsOf(catalog, caller, { format, strict, bot }))
    }
  }
}

function wantedOf({ query }: Exchange): Wanted {
  const format = dialects.find(dialect => dialect === query.format)
  if (format !== undefined) return { format, strict: query.strict === 'true' }
  const message = `must be one of ${dialects.join(', ')}`
  throw new RetrofitError('invalid_request', { detail: `/query/format ${message}`, errors: [{ pointer: '/query/format', message }] })
}

function toolsOf(catalog: Catalog, { scopes, tenant }: Caller, { format, strict, bot }: Wanted): Made {
  const bots = catalog.entries(tenant).filter(entry => bot === undefined || entry.bot.name === bot)
  const actions = bots.flatMap(entry => entry.bot.actions).filter(action => allows(scopes, action.scopes))
  if (bot !== undefined && actions.length === 0)
    throw new RetrofitError('bot_not_found', { detail: `There is no bot ${bot} with an action that this key may use` })
  const { tools, compiled } = compileTools(actions, format, { strict })
  const named = (chosen: (tool: Tool) => boolean): string => namesHeader(compiled.filter(chosen).map(({ name }) => name))
  const leftOut = named(({ definition }) => definition === undefined)
  const notStrict = named(
    ({ definition, strict: is, notes }) => definition !== undefined && !is && notes.some(({ kind }) => kind === 'not_strict')
  )
  return {
    text: JSON.stringify(tools),
    mediaType: 'application/json',
    headers: {
      ...(leftOut === '' ? {} : { 'tools-left-out': leftOut }),
      ...(notStrict === '' ? {} : { 'tools-not-strict': notStrict })
    }
  }
}

/** Compiled once for each version of an action. */
const compiled = new WeakMap<Action, Map<string, Tool>>()

interface CalledWith {
  readonly input: unknown
  /** The session that a model named. */
  readonly argument: string | undefined
}

/** The body as the action takes it; with `?format=` it is what a model sent. */
export function calledWith(exchange: Exchange, catalog: Catalog): CalledWith {
  const body = exchange.body as JsonObject
  if (exchange.query.format === undefined) return { input: body, argument: undefined }
  const { format, strict } = wantedOf(exchange)
  const action = catalog.action(exchange.params.action as string, callerOf(exchange).tenant)?.action
  if (action === undefined) return { input: body, argument: undefined }
  const tool = toolOf(action, format, strict)
  return { input: tool.toInput(body), argument: tool.sessionOf(body) }
}

export function toolOf(action: Action, format: Dialect, strict: boolean): Tool {
  const known = compiled.get(action) ?? new Map<string, Tool>()
  compiled.set(action, known)
  const key = `${format} ${strict}`
  const tool = known.get(key) ?? compileTool(action, format, { strict })
  known.set(key, tool)
  return tool
}
