/** GET /tools, and the way back: what a model sent becomes the action's own input. */
import { RetrofitError } from '../core/errors.ts'
import type { Action, Caller, JsonObject } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { compileTool, compileTools, type Tool } from '../surface/compile-tool.ts'
import { deferLoading, deferringDialects } from '../surface/defer-loading.ts'
import { type Dialect, dialects } from '../surface/dialect.ts'
import type { SessionForm } from '../surface/session-input.ts'
import { callerOf, type Exchange } from './exchange.ts'
import type { TellLeftOut } from './left-out.ts'
import { namesHeader } from './names-header.ts'
import { createPublisher, type Made } from './publisher.ts'
import type { Handle } from './router.ts'
import { usableActions } from './usable-actions.ts'

interface Wanted {
  readonly format: Dialect
  readonly strict: boolean
  readonly session: SessionForm
  readonly bot?: string | undefined
  readonly deferred?: boolean | undefined
  readonly ranked?: boolean | undefined
}

export function toolOperations(catalog: Catalog, tellLeftOut: TellLeftOut): Record<'listTools', Handle> {
  const publish = createPublisher(catalog)
  // What is found is of endless variety: it shall not push the whole lists out.
  const publishFound = createPublisher(catalog)
  return {
    async listTools(exchange) {
      const wanted = { ...wantedOf(exchange), bot: exchange.query.bot as string | undefined, deferred: deferredOf(exchange) }
      const name = JSON.stringify(wanted)
      const tell = { ...wanted, tellLeftOut }
      const actions = await foundBy(exchange, catalog, wanted.bot)
      if (actions === undefined) return publish(exchange, name, caller => toolsOf(actionsOf(catalog, caller, wanted.bot), tell))
      const versions = actions.map(action => `${action.name} ${action.botVersion}`).join(' ')
      return publishFound(exchange, `${name} ${versions}`, () => toolsOf(actions, { ...tell, ranked: true }))
    }
  }
}

const mostFound = 10

/** The actions that fit `query`, best first; undefined where none is asked for. */
async function foundBy(exchange: Exchange, catalog: Catalog, bot: string | undefined): Promise<readonly Action[] | undefined> {
  const { query, limit } = exchange.query
  if (query === undefined && limit !== undefined) throw wrong('limit', 'goes with query: without one the list is whole')
  if (query === undefined) return undefined
  const caller = callerOf(exchange)
  const index = await usableActions(catalog, caller).index()
  const found = index.search(String(query)).filter(action => bot === undefined || action.bot === bot)
  if (found.length === 0 && bot !== undefined) actionsOf(catalog, caller, bot)
  return found.slice(0, limit === undefined ? mostFound : Number(limit))
}

function deferredOf({ query }: Exchange): boolean {
  if (query.defer_loading !== 'true') return false
  if (deferringDialects.some(dialect => dialect === query.format)) return true
  throw wrong('defer_loading', `goes with format ${deferringDialects.join(', ')}: the others can not leave a tool for later`)
}

const wrong = (name: string, message: string): RetrofitError =>
  new RetrofitError('invalid_request', { detail: `/query/${name} ${message}`, errors: [{ pointer: `/query/${name}`, message }] })

function wantedOf({ query, headers }: Exchange): Wanted {
  const format = dialects.find(dialect => dialect === query.format)
  const session = query.session === 'argument' ? 'argument' : headers['session-id'] || query.session ? 'carried' : 'none'
  if (format !== undefined) return { format, strict: query.strict === 'true', session }
  throw wrong('format', `must be one of ${dialects.join(', ')}`)
}

/** Throws bot_not_found. */
function actionsOf(catalog: Catalog, caller: Caller, bot: string | undefined): readonly Action[] {
  const { actions } = usableActions(catalog, caller)
  if (bot === undefined) return actions
  const some = actions.filter(action => action.bot === bot)
  if (some.length > 0) return some
  throw new RetrofitError('bot_not_found', { detail: `There is no bot ${bot} with an action that this key may use` })
}

interface Listing extends Wanted {
  readonly tellLeftOut: TellLeftOut
}

function toolsOf(actions: readonly Action[], { format, strict, session, deferred, ranked, tellLeftOut }: Listing): Made {
  // What one query finds, others find too; a whole list is kept as it is sent.
  const compile = ranked === true ? (action: Action) => toolOf(action, format, strict, session) : undefined
  const { tools, compiled } = compileTools(actions, format, { strict, session, ranked, compile })
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
    text: JSON.stringify(deferred === true ? deferLoading(tools, format) : tools),
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
