/** The HTTP contract, as the loop uses it. */
import type { ActionEffect, Json, JsonObject, RunStatus } from '../core/types.ts'
import { sessionArgument } from '../surface/session-input.ts'
import type { AgentTool, Inference } from './agent.ts'

export interface GatewayOptions {
  readonly url: string
  readonly key: string
  /** Of the whole conversation: all its runs stand in one trace. */
  readonly traceparent?: string
}

export interface GatewayAnswer {
  readonly status: number
  readonly headers: Headers
  /** Text that is not JSON as it is. */
  readonly body: Json
}

/** Of `GET /v1/runs/{runId}`, what the loop looks at. */
export interface RunView {
  readonly runId: string
  readonly status: RunStatus
  /** Why it has no output: a problem. */
  readonly error?: JsonObject | undefined
  readonly steps: readonly { readonly name: string }[]
}

export interface Gateway {
  /** Throws when nobody answers, and when what answers is no gateway. */
  send(method: 'GET' | 'POST' | 'DELETE', path: string, options?: SendOptions): Promise<GatewayAnswer>
  /** With a query, those that fit it, best first. */
  tools(wanted: WantedTools): Promise<readonly AgentTool[]>
}

export interface WantedTools {
  readonly format: Inference['format']
  readonly strict: boolean
  readonly bot?: string | undefined
  readonly query?: string | undefined
  /** Hears of actions that can not be tools. */
  readonly onLeftOut?: ((names: string) => void) | undefined
}

export interface SendOptions {
  readonly body?: JsonObject
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** What the gateway says no with. */
export class GatewayRefusal extends Error {}

export function createGateway({ url, key, traceparent }: GatewayOptions): Gateway {
  const base = url.replace(/(?<!\/)\/+$/, '')
  const common = { authorization: `Bearer ${key}`, ...(traceparent === undefined ? {} : { traceparent }) }
  const send: Gateway['send'] = async (method, path, { body, headers = {}, signal } = {}) => {
    const answer = await fetch(base + path, {
      method,
      headers: { ...common, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal })
    })
    const text = await answer.text()
    const isJson = /json/.test(answer.headers.get('content-type') ?? '')
    return { status: answer.status, headers: answer.headers, body: isJson ? parse(text, base) : text }
  }
  return { send, tools: wanted => toolsOf(send, wanted) }
}

function parse(text: string, base: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new GatewayRefusal(`What answers on ${base} is no Retrofit gateway.`)
  }
}

/** The definitions in the model's format; title and effect are what the MCP definitions say. */
async function toolsOf(
  send: Gateway['send'],
  { format, strict, bot, query: words, onLeftOut }: WantedTools
): Promise<readonly AgentTool[]> {
  const list = async (wanted: string, more: Readonly<Record<string, string>>): Promise<readonly JsonObject[]> => {
    const query = new URLSearchParams({
      format: wanted,
      ...(bot === undefined ? {} : { bot }),
      ...(words === undefined ? {} : { query: words }),
      ...more
    })
    const { status, body, headers } = await send('GET', `/tools?${query}`)
    const leftOut = headers.get('tools-left-out')
    if (wanted === format && leftOut !== null) onLeftOut?.(leftOut)
    const detail = isObject(body) ? body.detail : undefined
    if (status !== 200 && detail !== undefined) throw new GatewayRefusal(String(detail))
    if (!Array.isArray(body)) throw new GatewayRefusal(`What answers GET /tools there is no Retrofit gateway (${status}).`)
    return body as readonly JsonObject[]
  }
  // The session is sent beside the arguments; only its being one of them tells whether a tool uses it.
  const wanted = { session: 'carried', ...(strict ? { strict: 'true' } : {}) }
  const [definitions, described] = await Promise.all([list(format, wanted), list('mcp', { session: 'argument' })])
  const byName = new Map(described.map(tool => [tool.name as string, tool]))
  return definitions.map(definition => {
    const name = ((definition.function as JsonObject | undefined) ?? definition).name as string
    const known = byName.get(name)
    const effect = effectOf(known?.annotations as JsonObject | undefined)
    return { name, title: String(known?.title ?? name), effect, usesSession: usesSession(known), definition }
  })
}

export const isObject = (body: Json): body is JsonObject => typeof body === 'object' && body !== null && !Array.isArray(body)

const usesSession = (tool: JsonObject | undefined): boolean => {
  const { properties } = (tool?.inputSchema ?? {}) as { readonly properties?: Readonly<Record<string, { readonly description?: unknown }>> }
  return Object.values(properties ?? {}).some(({ description }) => description === sessionArgument.description)
}

/** What nothing is known about is treated as the worst. */
const effectOf = (annotations: JsonObject | undefined): ActionEffect => {
  if (annotations?.readOnlyHint === true) return 'read'
  return annotations?.destructiveHint === false ? 'write' : 'irreversible'
}
