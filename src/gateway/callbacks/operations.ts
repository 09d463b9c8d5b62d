/** The operations on callbacks. */
import { type CallbackState, callbackIdOf, messageIdOf } from '../../core/callback.ts'
import type { Callbacks, SeenCallback } from '../../engine/engine.ts'
import { callerOf, sendJson } from '../exchange.ts'
import type { Handle } from '../router.ts'

type CallbackOperation = 'listCallbacks' | 'getCallback' | 'resendCallback'

export function callbackOperations(callbacks: Callbacks): Record<CallbackOperation, Handle> {
  return {
    async listCallbacks(exchange) {
      const { state, cursor, limit } = exchange.query as Record<string, string | undefined>
      const query = { state: state as CallbackState | undefined, before: cursor, limit: Number(limit ?? 20) }
      const page = await callbacks.list(callerOf(exchange), query)
      sendJson(exchange.response, 200, { callbacks: page.callbacks.map(callbackView), next: page.next ?? null })
    },
    async getCallback(exchange) {
      sendJson(exchange.response, 200, callbackView(await callbacks.find(callerOf(exchange), exchange.params.callbackId as string)))
    },
    async resendCallback(exchange) {
      const { callbackId } = exchange.body as { readonly callbackId: string }
      const seen = await callbacks.resend(callerOf(exchange), callbackId)
      sendJson(exchange.response, 202, callbackView(seen), { location: `/v1/callbacks/${callbackId}` })
    }
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

const callbackView = ({ run, callback }: SeenCallback): object => ({
  callbackId: callbackIdOf(run.id, callback.number),
  runId: run.id,
  action: run.action,
  runStatus: run.status,
  address: callback.address,
  state: callback.state,
  messageId: messageIdOf(run.id, callback.number, run.status),
  tries: callback.tries,
  ...(callback.since === undefined ? {} : { since: iso(callback.since) }),
  ...(callback.nextAt === undefined ? {} : { nextAt: iso(callback.nextAt) }),
  log: callback.log.map(({ at, ...rest }) => ({ at: iso(at), ...rest }))
})
