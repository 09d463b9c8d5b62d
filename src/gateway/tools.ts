/** GET /tools, and the way back: what a model sent becomes the action's own input. */
import { RetrofitError } from '../core/errors.ts'
import type { Action, Caller, JsonObject } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { compileTool, compileTools, type Tool } from '../surface/compile-tool.ts'
import { type Dialect, dialects } from '../surface/dialect.ts'
import type { SessionForm } from '../surface/session-input.ts'
import { callerOf, type Exchange } from './exchange.ts'
import type { TellLeftOut } from './left-out.ts'
import { namesHeader } from './names-header.ts'
import { createPublisher, type Made } from './publisher.ts'
import type { Handle } from './router.ts'

interface Wanted {
  readonly format: Dialect
  readonly strict: boolean
  readonly session: SessionForm
  readonly bot?: string | undefined
}

export function toolOperations(catalog: Catalog, tellLeftOut: TellLeftOut): Record<'listTools', Handle> {
  const publish = createPublisher(catalog)
  return {
    async listTools(exchange) {
      const wanted = { ...wantedOf(exchange), bot: exchange.query.bot as string | undefined }
      await publish(exchange, JSON.stringify(wanted), caller => toolsOf({ catalog, caller, tellLeftOut }, wanted))
    }
  }
}

function wantedOf({ query, headers }: Exchange): Wanted {
  const format = dialects.find(dialect => dialect === query.format)
  const session = query.session === 'argument' ? 'argument' : headers['session-id'] || query.session ? 'carried' : 'none'
  if (format !== undefined) return { format, strict: query.strict === 'true', session }
  const message = `must be one of ${dialects.join(', ')}`
  throw new RetrofitError('invalid_request', { detail: `/query/format ${message}`, errors: [{ pointer: '/query/format', message }] })
}

interface Listing {
  readonly catalog: Catalog
  readonly caller: Caller
  readonly tellLeftOut: TellLeftOut
}

function toolsOf({ catalog, caller, tellLeftOut }: Listing, { format, strict, session, bot }: Wanted): Made {
  const { scopes, tenant } = caller
  const bots = catalog.entries(tenant).filter(entry => bot === undefined || entry.bot.name === bot)
  const actions = bots.flatMap(entry => entry.bot.actions).filter(action => allows(scopes, action.scopes))
  if (bot !== undefined && actions.length === 0)
    throw new RetrofitError('bot_not_found', { detail: `There is no bot ${bot} with an action that this key may use` })
  const { tools, compiled } = compileTools(actions, format, { strict, session })
  for (const { name, definition, notes } of compiled) {
    const action = definition === undefined ? actions.find(one => one.name === name) : undefined
    if (action !== undefined) tellLeftOut(action, format, notes.find(({ kind }) => kind === 'left_out')?.did ?? 'left out')
  }
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
  const { format, strict, session } = wantedOf(exchange)
  const action = catalog.action(exchange.params.action as string, callerOf(exchange).tenant)?.action
  if (action === undefined) return { input: body, argument: undefined }
  const argument = toolOf(action, format, strict).sessionOf(body)
  // Read as the tool was defined for callers who have a session.
  const form = argument !== undefined || session !== 'none' ? 'argument' : 'none'
  return { input: toolOf(action, format, strict, form).toInput(body), argument }
}

export function toolOf(action: Action, format: Dialect, strict: boolean, session: SessionForm = 'none'): Tool {
  const known = compiled.get(action) ?? new Map<string, Tool>()
  compiled.set(action, known)
  const key = `${format} ${strict} ${session}`
  const tool = known.get(key) ?? compileTool(action, format, { strict, session })
  known.set(key, tool)
  return tool
}
