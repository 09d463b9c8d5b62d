/** `retrofit mcp --stdio`: hands each message of an MCP client on to `POST /mcp` of a gateway, and its answers back. */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { gatewayOf, notThere } from './client.ts'

type Endpoint = ReturnType<typeof gatewayOf>

interface Message {
  readonly id?: string | number
  readonly method?: string
  readonly params?: {
    readonly name?: string
    readonly uri?: string
    readonly requestId?: string | number
    readonly _meta?: Readonly<Record<string, unknown>>
  }
  readonly result?: { readonly protocolVersion?: string }
}

interface Bridge {
  readonly endpoint: Endpoint
  readonly pool: Pool
  /** Requests that have no answer yet, by id. */
  readonly open: Map<string | number, AbortController>
  /** The agreement of `initialize`, and the session that it opened. */
  version: string | undefined
  session: string | undefined
}

const cancelMs = 5_000
const againMs = 5_000
const versionKey = 'io.modelcontextprotocol/protocolVersion'

export async function mcp(flags: Readonly<Record<string, unknown>>): Promise<number> {
  const endpoint = gatewayOf(flags)
  const pool = new Pool(endpoint.base, { headersTimeout: 0, bodyTimeout: 0 })
  const bridge: Bridge = { endpoint, pool, open: new Map(), version: undefined, session: undefined }
  const over = new AbortController()
  const work = new Set<Promise<void>>()
  let listening: Promise<void> | undefined
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const turn = handle(bridge, line).finally(() => work.delete(turn))
    work.add(turn)
    // Clients of 2025 say that they are ready; later ones ask to listen.
    if (parsed(line)?.method === 'notifications/initialized') listening ??= listen(bridge, over.signal)
  }
  await Promise.all(work)
  over.abort()
  await listening
  await pool.close()
  return 0
}

const write = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

async function handle(bridge: Bridge, line: string): Promise<void> {
  const message = parsed(line)
  if (message === undefined)
    return write({ jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'This line is no JSON-RPC message' } })
  if (message.method === 'notifications/cancelled') return cancel(bridge, { line, message })
  const { id } = message
  const gone = new AbortController()
  if (id !== undefined) bridge.open.set(id, gone)
  try {
    await post(bridge, { line, message, signal: gone.signal })
  } catch (error) {
    if (id !== undefined && !gone.signal.aborted) write(notAnswered(bridge.endpoint, id, error))
  } finally {
    if (id !== undefined) bridge.open.delete(id)
  }
}

/** The messages that the gateway sends by itself, for as long as the client is there; a gateway that restarts is found again. */
async function listen(bridge: Bridge, signal: AbortSignal): Promise<void> {
  const { pool } = bridge
  while (!signal.aborted) {
    try {
      const headers = { ...headersOf(bridge, {}), accept: 'text/event-stream' }
      const { statusCode, body } = await pool.request({ method: 'GET', path: '/mcp', headers, signal })
      if (statusCode === 200) await relay(bridge, body)
      else await body.dump()
      // A gateway that is older, or that lets this key do nothing.
      if (statusCode >= 400 && statusCode < 500 && statusCode !== 429) return
    } catch {
      // Not there, or gone: asked again.
    }
    await sleep(againMs, undefined, { signal }).catch(() => undefined)
  }
}

/** The gateway is told first: to it a connection that only breaks is no wish to cancel. */
async function cancel(bridge: Bridge, told: Omit<Posting, 'signal'>): Promise<void> {
  await post(bridge, { ...told, signal: AbortSignal.timeout(cancelMs) }).catch(() => undefined)
  bridge.open.get(told.message.params?.requestId ?? '')?.abort()
}

function parsed(line: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(line)
    return typeof message === 'object' && message !== null ? message : undefined
  } catch {
    return undefined
  }
}

const notAnswered = ({ base }: Endpoint, id: string | number, error: unknown): object => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32_603, message: notThere(base, error as Error).message }
})

interface Posting {
  readonly line: string
  readonly message: Message
  readonly signal: AbortSignal
}

async function post(bridge: Bridge, { line, message, signal }: Posting): Promise<void> {
  const { statusCode, headers, body } = await bridge.pool.request({
    method: 'POST',
    path: '/mcp',
    headers: headersOf(bridge, message),
    body: line,
    signal
  })
  bridge.session ??= headers['mcp-session-id']?.toString()
  const type = String(headers['content-type'] ?? '')
  if (type.startsWith('text/event-stream')) return relay(bridge, body)
  const text = await body.text()
  // A list of messages, as revision 2025-03-26 has them, has no id of its own.
  const isBatch = Array.isArray(message)
  if (statusCode === 202 || (message.id === undefined && !isBatch)) return
  if (type.startsWith('application/json')) return told(bridge, text)
  const { detail = `the gateway answered ${statusCode}` } = (parsed(text) ?? {}) as { detail?: string }
  write({ jsonrpc: '2.0', id: message.id ?? null, error: { code: -32_600, message: detail } })
}

/** From 2026-07-28 on headers repeat what routers need of the message. */
function headersOf({ endpoint, version, session }: Bridge, { method, params }: Message): Record<string, string> {
  const modern = params?._meta?.[versionKey]
  const name = params?.name ?? params?.uri
  return {
    authorization: `Bearer ${endpoint.key}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(typeof modern === 'string' ? { 'mcp-protocol-version': modern, ...(method === undefined ? {} : { 'mcp-method': method }) } : {}),
    ...(typeof modern === 'string' && name !== undefined ? { 'mcp-name': name } : {}),
    ...(modern === undefined && version !== undefined ? { 'mcp-protocol-version': version } : {}),
    ...(modern === undefined && session !== undefined ? { 'mcp-session-id': session } : {})
  }
}

/** Server-Sent Events: only `data` matters here, and each is one message. */
async function relay(bridge: Bridge, body: AsyncIterable<Buffer>): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const events = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/)
    rest = events.pop() ?? ''
    for (const event of events) {
      const data = event.split(/\r?\n/).flatMap(one => (one.startsWith('data:') ? [one.slice(5).trimStart()] : []))
      if (data.length > 0) told(bridge, data.join('\n'))
    }
  }
}

function told(bridge: Bridge, text: string): void {
  const message = parsed(text)
  if (message === undefined) return
  bridge.version = message.result?.protocolVersion ?? bridge.version
  write(message)
}
