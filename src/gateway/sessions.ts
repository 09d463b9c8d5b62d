/** The operations on sessions. */
import type { JsonObject, JsonSchema } from '../core/types.ts'
import type { Catalog, Engine, SessionChange, SessionState } from '../engine/engine.ts'
import { loadTokenCounter } from '../surface/count-tokens.ts'
import { sessionContext, variablesSchema } from '../surface/session-context.ts'
import { callerOf, type Exchange, sendJson } from './exchange.ts'
import type { Handle } from './router.ts'

type SessionOperation = 'createSession' | 'getSession' | 'putSession' | 'patchSession' | 'deleteSession'

export function sessionOperations({ sessions, catalog }: Engine): Record<SessionOperation, Handle> {
  const schemaNow = newest(catalog)
  const idOf = (exchange: Exchange): string => exchange.params.sessionId as string
  return {
    async createSession(exchange) {
      const state = await sessions.create(callerOf(exchange), changeOf(exchange))
      sendJson(exchange.response, 201, sessionView(state), { location: `/v1/sessions/${state.session.id}` })
    },
    async getSession(exchange) {
      const state = await sessions.find(callerOf(exchange), idOf(exchange))
      sendJson(
        exchange.response,
        200,
        exchange.query.view === 'context' ? await contextView(state, schemaNow(callerOf(exchange).tenant)) : sessionView(state)
      )
    },
    async putSession(exchange) {
      sendJson(exchange.response, 200, sessionView(await sessions.replace(callerOf(exchange), idOf(exchange), changeOf(exchange))))
    },
    async patchSession(exchange) {
      sendJson(exchange.response, 200, sessionView(await sessions.patch(callerOf(exchange), idOf(exchange), changeOf(exchange))))
    },
    async deleteSession(exchange) {
      await sessions.delete(callerOf(exchange), idOf(exchange))
      exchange.response.writeHead(204).end()
    }
  }
}

function changeOf({ body }: Exchange): SessionChange {
  const { variables, ttlSeconds } = body as { readonly variables?: JsonObject; readonly ttlSeconds?: number }
  return { variables, ttlMs: ttlSeconds === undefined ? undefined : ttlSeconds * 1_000 }
}

const iso = (ms: number): string => new Date(ms).toISOString()

const sessionView = ({ session, values, masked }: SessionState): object => ({
  sessionId: session.id,
  variables: values,
  masked,
  createdAt: iso(session.createdAt),
  updatedAt: iso(session.updatedAt),
  expiresAt: iso(session.expiresAt),
  ttlSeconds: session.ttlMs / 1_000
})

/** Made again when a bot has changed. */
function newest(catalog: Catalog): (tenant: string) => JsonSchema {
  const made = new Map<string, JsonSchema>()
  let stamp = catalog.stamp
  return tenant => {
    if (stamp !== catalog.stamp) made.clear()
    stamp = catalog.stamp
    const schema = made.get(tenant) ?? variablesSchema(catalog.entries(tenant).flatMap(({ bot }) => bot.actions))
    made.set(tenant, schema)
    return schema
  }
}

async function contextView({ session, values }: SessionState, schema: JsonSchema): Promise<object> {
  const { context, note } = sessionContext(values, schema)
  const countTokens = await loadTokenCounter()
  return {
    sessionId: session.id,
    context,
    ...(note === undefined ? {} : { note }),
    tokens: countTokens(context),
    expiresAt: iso(session.expiresAt)
  }
}
