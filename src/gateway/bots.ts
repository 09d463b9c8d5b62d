/** The operations on bots. A caller sees the operator's bots and those of its own tenant. */
import { RetrofitError } from '../core/errors.ts'
import type { Caller } from '../core/types.ts'
import type { Catalog, CatalogEntry } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { isOperator, isTenant, operatorTenant } from '../governance/tenant.ts'
import { loadTokenCounter } from '../surface/count-tokens.ts'
import { lintForAgents } from '../surface/lint.ts'
import { callerOf, type Exchange, sendJson } from './exchange.ts'
import type { Handle } from './router.ts'
import type { GatewaySettings } from './settings.ts'

type BotOperation = 'listBots' | 'getBot' | 'putBot' | 'deleteBot' | 'checkBot'

export function botOperations(catalog: Catalog, settings: GatewaySettings): Record<BotOperation, Handle> {
  const entryOf = (exchange: Exchange): CatalogEntry => {
    const name = exchange.params.bot as string
    const entry = catalog.entry(name, tenantOf(exchange))
    if (entry === undefined) throw new RetrofitError('bot_not_found', { detail: `There is no bot ${name}` })
    return entry
  }
  return {
    listBots(exchange) {
      sendJson(exchange.response, 200, { bots: catalog.entries(tenantOf(exchange)).map(entry => botView(entry)) })
    },
    getBot(exchange) {
      sendJson(exchange.response, 200, withSource(entryOf(exchange), callerOf(exchange)))
    },
    async putBot(exchange) {
      const caller = callerOf(exchange)
      allowChanges(settings, caller)
      const owner = { caller, tenant: tenantOf(exchange) }
      const { bot, created } = await catalog.register(exchange.params.bot as string, exchange.text as string, owner)
      const headers = created ? { location: `/v1/bots/${bot.name}` } : {}
      sendJson(exchange.response, created ? 201 : 200, withSource({ bot, origin: 'registered' }, caller), headers)
    },
    async deleteBot(exchange) {
      // A bot of a file is no change of rules away: the file has to go.
      if (entryOf(exchange).origin === 'registered') allowChanges(settings, callerOf(exchange))
      await catalog.unregister(exchange.params.bot as string, tenantOf(exchange))
      exchange.response.writeHead(204).end()
    },
    async checkBot(exchange) {
      const { bot, issues } = await catalog.check(exchange.text as string, tenantOf(exchange))
      const found = issues.map(({ file: _, ...issue }) => issue)
      const agents =
        exchange.query.agents === 'true' && bot !== undefined ? lintForAgents(bot.actions, await loadTokenCounter()) : undefined
      const valid = found.every(({ severity }) => severity !== 'error')
      sendJson(exchange.response, 200, { valid, issues: found, ...(agents === undefined ? {} : { agents }) })
    }
  }
}

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

const botView = ({ bot, origin }: CatalogEntry): object => ({
  bot: bot.name,
  title: bot.title,
  ...(bot.description === undefined ? {} : { description: bot.description }),
  ...(bot.owner === undefined ? {} : { owner: bot.owner }),
  version: bot.version,
  digest: bot.digest,
  origin,
  adapter: bot.adapter,
  actions: bot.actions.map(({ name, title, effect, scopes }) => ({ name, title, effect, scopes }))
})

/** The source is for those who may replace it: an operator's file for keys of the operator's own tenant. */
function withSource(entry: CatalogEntry, caller: Caller): object {
  const mayReplace = allows(caller.scopes, ['bots:write']) && (entry.bot.tenant ?? operatorTenant) === caller.tenant
  return { ...botView(entry), ...(mayReplace || isOperator(caller) ? { source: entry.bot.source } : {}) }
}
