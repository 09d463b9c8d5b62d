/** The operations on bots. */
import { RetrofitError } from '../core/errors.ts'
import type { Caller } from '../core/types.ts'
import type { Catalog, CatalogEntry } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { loadTokenCounter } from '../surface/count-tokens.ts'
import { lintForAgents } from '../surface/lint.ts'
import { callerOf, type Exchange, sendJson } from './exchange.ts'
import type { Handle } from './router.ts'

type BotOperation = 'listBots' | 'getBot' | 'putBot' | 'deleteBot' | 'checkBot'

export function botOperations(catalog: Catalog): Record<BotOperation, Handle> {
  const entryOf = (exchange: Exchange): CatalogEntry => {
    const name = exchange.params.bot as string
    const entry = catalog.entry(name)
    if (entry === undefined) throw new RetrofitError('bot_not_found', { detail: `There is no bot ${name}` })
    return entry
  }
  return {
    listBots({ response }) {
      sendJson(response, 200, { bots: catalog.entries().map(entry => botView(entry)) })
    },
    getBot(exchange) {
      sendJson(exchange.response, 200, botView(entryOf(exchange), callerOf(exchange)))
    },
    async putBot(exchange) {
      const { bot, created } = await catalog.register(exchange.params.bot as string, exchange.text as string)
      const headers = created ? { location: `/v1/bots/${bot.name}` } : {}
      sendJson(exchange.response, created ? 201 : 200, botView({ bot, origin: 'registered' }, callerOf(exchange)), headers)
    },
    async deleteBot(exchange) {
      await catalog.unregister(entryOf(exchange).bot.name)
      exchange.response.writeHead(204).end()
    },
    async checkBot(exchange) {
      const { bot, issues } = await catalog.check(exchange.text as string)
      const found = issues.map(({ file: _, ...issue }) => issue)
      const agents =
        exchange.query.agents === 'true' && bot !== undefined ? lintForAgents(bot.actions, await loadTokenCounter()) : undefined
      const valid = found.every(({ severity }) => severity !== 'error')
      sendJson(exchange.response, 200, { valid, issues: found, ...(agents === undefined ? {} : { agents }) })
    }
  }
}

/** The source is for those who may replace it. */
function botView({ bot, origin }: CatalogEntry, caller?: Caller): object {
  return {
    bot: bot.name,
    title: bot.title,
    ...(bot.description === undefined ? {} : { description: bot.description }),
    ...(bot.owner === undefined ? {} : { owner: bot.owner }),
    version: bot.version,
    digest: bot.digest,
    origin,
    adapter: bot.adapter,
    actions: bot.actions.map(({ name, title, effect, scopes }) => ({ name, title, effect, scopes })),
    ...(caller !== undefined && allows(caller.scopes, ['bots:write']) ? { source: bot.source } : {})
  }
}
