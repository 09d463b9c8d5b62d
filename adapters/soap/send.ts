/** Sends one request: a read over kept-alive connections, a commit over its own and at most once. */
import { type Call, NothingSent, RetrofitError } from '../../src/index.ts'
import { basicToken } from './evidence.ts'
import { connectError, exchangeError, timeoutError } from './failures.ts'
import { type Answer, connect, type Post, post } from './http.ts'
import { type Invocation, isCommitted } from './invocation.ts'

export function send(invocation: Invocation, envelope: string): Promise<Answer> {
  return invocation.role === 'commit' ? sendCommit(invocation, envelope) : sendRead(invocation, envelope)
}

/** A connection that the target had closed already is no reason to fail a read: once more, on a new one. */
async function sendRead(invocation: Invocation, envelope: string): Promise<Answer> {
  const { endpoint, pools } = invocation
  const limit = limitOf(invocation)
  const request = requestFor(invocation, envelope, limit.signal)
  try {
    return await exchange(invocation, () => post(pools.get(endpoint.origin), request)).catch(error => {
      if (limit.signal.aborted || !stale.has(codeOf(error))) throw error
      return exchange(invocation, () => postFresh(endpoint.origin, request))
    })
  } catch (error) {
    throw explain(invocation, limit, error)
  }
}

async function postFresh(origin: string, request: Post): Promise<Answer> {
  const connection = await connect(origin, request.signal)
  try {
    return await connection.post(request)
  } finally {
    connection.close()
  }
}

/** The commit call: connect first, then the fence, then the one request. No reuse, no redirect, no second try. */
async function sendCommit(invocation: Invocation, envelope: string): Promise<Answer> {
  const limit = limitOf(invocation)
  const request = requestFor(invocation, envelope, limit.signal)
  const connection = await connect(invocation.endpoint.origin, limit.signal).catch(error => {
    throw explain(invocation, limit, error)
  })
  try {
    await invocation.call.commit()
    return await exchange(invocation, () => connection.post(request)).catch(error => {
      if (!connection.written) throw new NothingSent('The connection was lost before a byte of the request was sent.', { retryable: true })
      throw explain(invocation, limit, error)
    })
  } finally {
    connection.close()
  }
}

function requestFor({ call, operation, endpoint }: Invocation, envelope: string, signal: AbortSignal): Post {
  const { basic, limits } = call.steps
  const login = basic ? { authorization: `Basic ${basicToken(checkedLogin(call))}` } : {}
  return {
    path: endpoint.pathname + endpoint.search,
    headers: { ...operation.headers, 'accept-encoding': 'gzip', ...login },
    body: Buffer.from(envelope),
    signal,
    answerBytes: limits.answerBytes
  }
}

function checkedLogin({ credentials }: Call): Readonly<Record<string, string>> {
  if (credentials.username !== undefined && credentials.password !== undefined) return credentials
  throw new RetrofitError('target_failed', { detail: "The target's credentials need a username and a password.", retryable: false })
}

function exchange({ call, operation, endpoint }: Invocation, work: () => Promise<Answer>): Promise<Answer> {
  const local = operation.frame.operation?.local ?? 'SOAP'
  const port = Number(endpoint.port) || (endpoint.protocol === 'https:' ? 443 : 80)
  return call.exchange(`POST ${local}`, { 'http.request.method': 'POST', 'server.address': endpoint.hostname, 'server.port': port }, work)
}

interface Limit {
  readonly signal: AbortSignal
  readonly timeoutMs: number | undefined
}

function limitOf({ call: { signal }, operation: { timeoutMs } }: Invocation): Limit {
  return timeoutMs === undefined ? { signal, timeoutMs } : { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]), timeoutMs }
}

const stale = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const unreached = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])
const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | undefined)?.code)

function explain(invocation: Invocation, { signal, timeoutMs }: Limit, error: unknown): unknown {
  const { call } = invocation
  if (call.signal.aborted) return call.signal.reason
  if (signal.aborted) return timeoutError(invocation, timeoutMs ?? 0)
  if (error instanceof RetrofitError) return error
  return !isCommitted(invocation) && unreached.has(codeOf(error)) ? connectError(invocation, error) : exchangeError(invocation, error)
}
