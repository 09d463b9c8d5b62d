/**
 * `notifications/cancelled`: before 2026-07-28 a client cancels with a message of its own, which names the request. The ids of two clients
 * are alike, so `initialize` hands out a session id; it holds nothing else, and any gateway takes any. One that does not run the call
 * ignores the message, as the protocol allows.
 */
import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../../core/types.ts'
import { callerOf, type Exchange } from '../exchange.ts'

const header = 'mcp-session-id'

interface Message {
  readonly method?: unknown
  readonly id?: unknown
  readonly params?: { readonly requestId?: unknown }
}

/** Answers the signal of a call that can be cancelled. */
export type OpenCalls = (exchange: Exchange, message: JsonObject) => AbortSignal | undefined

export function openCalls(): OpenCalls {
  const open = new Map<string, AbortController>()
  return (exchange, message) => {
    const { method, id, params } = message as Message
    if (method === 'initialize') exchange.response.setHeader(header, randomUUID())
    if (method === 'notifications/cancelled') open.get(placeOf(exchange, params?.requestId) ?? '')?.abort('cancelled')
    const place = method === 'tools/call' ? placeOf(exchange, id) : undefined
    if (place === undefined) return undefined
    const cancelled = new AbortController()
    open.set(place, cancelled)
    exchange.response.once('close', () => {
      if (open.get(place) === cancelled) open.delete(place)
    })
    return cancelled.signal
  }
}

function placeOf(exchange: Exchange, id: unknown): string | undefined {
  const session = exchange.headers[header]
  if (session === undefined || (typeof id !== 'string' && typeof id !== 'number')) return undefined
  const { tenant, clientId } = callerOf(exchange)
  return JSON.stringify([tenant, clientId, session, id])
}
