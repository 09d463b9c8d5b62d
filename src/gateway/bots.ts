/** The operations on bots. A caller sees the operator's bots and those of its own tenant. */
import { RetrofitError } from '../core/errors.ts'
import type { Action, Bot, Caller } from '../core/types.ts'
import type { BotChanges } from '../engine/bot-changes.ts'
import type { CatalogEntry, Engine } from '../engine/engine.ts'
import { type ProbeRecord, probeIdOf } from '../engine/probe-records.ts'
import { allows } from '../governance/scopes.ts'
import { isOperator, isTenant, operatorTenant } from '../governance/tenant.ts'
import { loadTokenCounter } from '../surface/count-tokens.ts'
import { leftOutOf } from '../surface/left-out.ts'
import { lintForAgents } from '../surface/lint.ts'
import { callerOf, type Exchange, sendJson } from './exchange.ts'
import type { Handle } from './router.ts'
import type { GatewaySettings } from './settings.ts'
import { toolOf } from './tools.ts'

type BotOperation = 'listBots' | 'getBot' | 'putBot' | 'deleteBot' | 'checkBot'

/** The state of the probe of each action that has one. */
type ProbesOf = (exchange: Exchange) => Promise<(action: Action, bot: Bot) => object>

export function botOperations(
  { catalog, probes }: Pick<Engine, 'catalog' | 'probes'>,
  settings: GatewaySettings
): Record<BotOperation, Handle> {
  const probesOf: ProbesOf = async exchange => {
    const [known, tenant] = [await probes(), tenantOf(exchange)]
    return (action, bot) => probeView(action, known.get(probeIdOf({ bot, action: action.name, tenant })))
  }
  const entryOf = (exchange: Exchange): CatalogEntry => {
    const name = exchange.params.bot as string
    const entry = catalog.entry(name, tenantOf(exchange))
    if (entry === undefined) throw new RetrofitError('bot_not_found', { detail: `There is no bot ${name}` })
    return entry
  }
  return {
    async listBots(exchange) {
      const entries = catalog.entries(tenantOf(exchange))
      const probeOf = await probesOf(exchange)
      sendJson(exchange.response, 200, { bots: entries.map(entry => botView(entry, probeOf)) })
    },
    async getBot(exchange) {
      const entry = entryOf(exchange)
      sendJson(exchange.response, 200, withSource(entry, { caller: callerOf(exchange), probeOf: await probesOf(exchange) }))
    },
    async putBot(exchange) {
      const caller = callerOf(exchange)
      allowChanges(settings, caller)
      const owner = { caller, tenant: tenantOf(exchange), allowBreaking: exchange.query.allowBreaking === 'true' }
      const { bot, created, changes } = await catalog.register(exchange.params.bot as string, exchange.text as string, owner)
      const headers = created ? { location: `/v1/bots/${bot.name}` } : {}
      sendJson(
        exchange.response,
        created ? 201 : 200,
        { ...withSource({ bot, origin: 'registered' }, { caller, probeOf: await probesOf(exchange) }), ...changesView(changes) },
        headers
      )
    },
    async deleteBot(exchange) {
      // A bot of a file is no change of rules away: the file has to go.
      if (entryOf(exchange).origin === 'registered') allowChanges(settings, callerOf(exchange))
      await catalog.unregister(exchange.params.bot as string, tenantOf(exchange))
      exchange.response.writeHead(204).end()
    },
    async checkBot(exchange) {
      const owner = { caller: callerOf(exchange), tenant: tenantOf(exchange) }
      const { bot, issues, changes } = await catalog.check(exchange.text as string, owner)
      const found = issues.map(({ file: _, ...issue }) => issue)
      const agents =
        exchange.query.agents === 'true' && bot !== undefined ? lintForAgents(bot.actions, await loadTokenCounter()) : undefined
      const valid = found.every(({ severity }) => severity !== 'error')
      const leftOut = (bot?.actions ?? []).flatMap(action => leftOutOf(action).map(place => ({ action: action.name, ...place })))
      sendJson(exchange.response, 200, {
        valid,
        issues: found,
        ...(leftOut.length === 0 ? {} : { leftOut }),
        ...(agents === undefined ? {} : { agents }),
        ...changesView(changes)
      })
    }
  }
}

/** Against the version that is served; nothing where none is. */
const changesView = (changes: BotChanges | undefined): object => changes ?? {}

/** The caller's own tenant; the operator may name another one. */
function tenantOf(exchange: Exchange): string {
  const caller = callerOf(exchange)
  const wanted = exchange.query.tenant
  if (wanted === undefined || wanted === caller.tenant) return caller.tenant
  if (!isOperator(caller))
    throw new RetrofitError('insufficient_scope', { detail: 'Only the operator can name another tenant: leave tenant out.' })
  if (typeof wanted !== 'string' || !isTenant(wanted)) {
    const message = 'a tenant has 1 to 64 printable characters without spaces'
    throw new RetrofitError('invalid_request', { detail: message, errors: [{ pointer: '/query/tenant', message }] })
  }
  return wanted
}

/** Whether bots are registered and removed over HTTP at all, and by whom, says BOTS_OVER_HTTP. */
function allowChanges({ botsOverHttp }: GatewaySettings, { scopes }: Caller): void {
  if (botsOverHttp === 'tenant' || (botsOverHttp === 'admin' && scopes.includes('*'))) return
  throw new RetrofitError('registering_refused', {
    detail:
      botsOverHttp === 'off'
        ? 'This service takes no bots over HTTP (BOTS_OVER_HTTP=off).'
        : 'This service takes bots from keys with all scopes only (BOTS_OVER_HTTP=admin).'
  })
}

function probeView({ probe }: Action, tried: ProbeRecord | undefined): object {
  if (probe === undefined) return {}
  if (tried === undefined) return { probe: { state: 'untested' } }
  const { agrees, seen, detail, runId, at } = tried
  return {
    probe: {
      state: agrees === undefined ? 'untested' : agrees ? 'agrees' : 'disagrees',
      seen,
      detail,
      runId,
      at: new Date(at).toISOString()
    }
  }
}

type ProbeOf = Awaited<ReturnType<ProbesOf>>

const dialectTool: Parameters<typeof leftOutOf>[1] = (action, dialect) => toolOf(action, dialect, false)

const botView = ({ bot, origin }: CatalogEntry, probeOf: ProbeOf): object => ({
  bot: bot.name,
  title: bot.title,
  ...(bot.description === undefined ? {} : { description: bot.description }),
  ...(bot.owner === undefined ? {} : { owner: bot.owner }),
  version: bot.version,
  digest: bot.digest,
  origin,
  adapter: bot.adapter,
  actions: bot.actions.map(action => {
    const { name, title, effect, scopes } = action
    const leftOut = leftOutOf(action, dialectTool)
    return { name, title, effect, scopes, ...probeOf(action, bot), ...(leftOut.length === 0 ? {} : { leftOut }) }
  })
})

/** The source is for those who may replace it: an operator's file for keys of the operator's own tenant. */
function withSource(entry: CatalogEntry, { caller, probeOf }: { readonly caller: Caller; readonly probeOf: ProbeOf }): object {
  const mayReplace = allows(caller.scopes, ['bots:write']) && (entry.bot.tenant ?? operatorTenant) === caller.tenant
  return { ...botView(entry, probeOf), ...(mayReplace || isOperator(caller) ? { source: entry.bot.source } : {}) }
}
