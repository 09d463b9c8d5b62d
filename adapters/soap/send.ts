/** Sends one request: a read over kept-alive connections, a commit over its own and at most once. */

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { NothingSent, NotReachable, RetrofitError, timeoutSignal } from '../../src/index.ts'
import { shakeHands, wantsDigest, withDigest } from './access/handshake.ts'
import type { Part } from './attachments/part.ts'
import { writeMessage } from './attachments/write-multipart.ts'
import { sentText } from './evidence.ts'
import { connectError, exchangeError, reachError, timeoutError, tlsError } from './failures.ts'
import { type Answer, connect, type Post, post, postOnce, type Way } from './http.ts'
import { type Invocation, isCommitted } from './invocation.ts'
import { auths } from './security/auth.ts'
import { tlsFailure } from './security/tls-failures.ts'
import { wayOf } from './way.ts'

/** The parts of a request. */
export interface Outgoing {
  readonly envelope: string
  /** Beside the envelope. */
  readonly parts: readonly Part[]
}

/** `again` writes the request anew: with a nonce and an id of its own. */
export async function send(invocation: Invocation, outgoing: Outgoing, again: () => Promise<Outgoing>): Promise<Answer> {
  const { call, role, access, endpoint } = invocation
  const answer = role === 'commit' ? await sendCommit(invocation, outgoing) : await sendRead(invocation, outgoing, again)
  if (access.jar === undefined || answer.setCookies.length === 0) return answer
  access.jar.take(answer.setCookies, endpoint)
  call.conceal(access.login?.secrets() ?? access.jar.secrets())
  return answer
}

/**
 * A connection that the target had closed already is no reason to fail a read: once more, on a new one. Nor is an answer that only a
 * browser would take: it is read as one does, and so are the next ones of that target at once.
 */
async function sendRead(invocation: Invocation, outgoing: Outgoing, again: () => Promise<Outgoing>): Promise<Answer> {
  const way = wayOf(invocation)
  const limit = limitOf(invocation)
  const first = async () => withDigest(invocation, await requestFor(invocation, outgoing, limit.signal))
  const anew = async () => withDigest(invocation, await requestFor(invocation, await again(), limit.signal))
  try {
    if (invocation.call.steps.auth === 'ntlm') return await sendAfterHandshake(invocation, await first())
    const answer = await askOnce(invocation, { way, request: await first(), anew })
    return wantsDigest(invocation, answer) ? await askOnce(invocation, { way, request: await anew(), anew }) : answer
  } catch (error) {
    throw explain(invocation, limit, error)
  }
}

interface Asking {
  readonly way: Way
  readonly request: Post
  anew(): Promise<Post>
}

async function askOnce(invocation: Invocation, { way, request, anew }: Asking): Promise<Answer> {
  const { pools } = invocation
  if (pools.isSloppy(way)) return exchange(invocation, () => postOnce(way, request))
  return exchange(invocation, () => post(pools.get(way), request)).catch(async error => {
    if (isUnread(error)) pools.noteSloppy(way)
    else if (request.signal.aborted || !stale.has(codeOf(error))) throw error
    const second = await anew()
    return exchange(invocation, () => postOnce(way, second))
  })
}

/** The login belongs to the connection, which nobody else may use then. */
async function sendAfterHandshake(invocation: Invocation, request: Post): Promise<Answer> {
  const connection = await connect(wayOf(invocation), request.signal)
  try {
    const signed = await shakeHands(invocation, connection, request)
    return await exchange(invocation, () => connection.post(signed))
  } finally {
    connection.close()
  }
}

/** The commit call: connect first and shake hands, then the fence, then the one request. No reuse, no redirect, no second try. */
async function sendCommit(invocation: Invocation, outgoing: Outgoing): Promise<Answer> {
  const sent = sentText(invocation.call, invocation.operation, outgoing.envelope)
  const limit = limitOf(invocation)
  const request = await requestFor(invocation, outgoing, limit.signal)
  const connection = await connect(wayOf(invocation), limit.signal).catch(error => {
    throw explain(invocation, limit, error)
  })
  try {
    const signed = await shakeHands(invocation, connection, request).catch(error => {
      throw explain(invocation, limit, error)
    })
    await invocation.call.commit(sent)
    return await exchange(invocation, () => connection.post(signed)).catch(error => {
      if (!connection.written)
        throw new NothingSent('The connection was lost before a byte of the request was sent.', { retryable: true, targetDown: true })
      // The target ended the handshake with the client: what stands behind it was not read.
      const refusal = tlsFailure(error)
      if (refusal !== undefined) throw new NothingSent(`No safe connection to the target: ${refusal.why}.`, { retryable: false })
      throw explain(invocation, limit, error)
    })
  } finally {
    connection.close()
  }
}

async function requestFor({ call, operation, endpoint, access }: Invocation, outgoing: Outgoing, signal: AbortSignal): Promise<Post> {
  const { auth, gzip: zipped, limits } = call.steps
  const { bearer, jar } = access
  const authorization = bearer === undefined ? auths[auth]?.(call.credentials) : `Bearer ${bearer.values.token}`
  const cookie = jar?.headerFor(endpoint)
  const login = { ...(authorization !== undefined && { authorization }), ...(cookie !== undefined && { cookie }) }
  const packed = zipped ? { 'content-encoding': 'gzip' } : {}
  const { headers, body } = writeMessage({ ...outgoing, packaging: operation.attachments.request, headers: operation.headers })
  return {
    path: endpoint.pathname + endpoint.search,
    headers: { ...headers, 'accept-encoding': 'gzip', ...packed, ...login },
    body: zipped ? await zip(body) : body,
    signal,
    answerBytes: limits.answerBytes
  }
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

function limitOf({ call: { signal, onlooker }, operation }: Invocation): Limit {
  const timeoutMs = onlooker === undefined ? operation.timeoutMs : Math.min(onlooker.stepMs, operation.timeoutMs ?? onlooker.stepMs)
  return timeoutMs === undefined ? { signal, timeoutMs } : { signal: AbortSignal.any([signal, timeoutSignal(timeoutMs)]), timeoutMs }
}

const zip = promisify(gzip)
const stale = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
/** Undici says that the answer breaks the standard. */
const isUnread = (error: unknown): boolean => (error as Error).name === 'HTTPParserError' || unread.has(codeOf(error)) || isInterim(error)
/** An assertion is what 101 Switching Protocols ends in. */
const unread = new Set(['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'ERR_ASSERTION'])
/** 100 Continue, unasked. */
const isInterim = (error: unknown): boolean => codeOf(error) === 'UND_ERR_SOCKET' && (error as Error).message === 'bad response'
const unreached = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])
const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | undefined)?.code)

function explain(invocation: Invocation, { signal, timeoutMs }: Limit, error: unknown): unknown {
  const { call } = invocation
  if (call.signal.aborted) return call.signal.reason
  if (signal.aborted) return timeoutError(invocation, timeoutMs ?? 0)
  if (error instanceof RetrofitError) return error
  if (error instanceof NotReachable) return reachError(error)
  const distrusted = tlsFailure(error)
  if (!isCommitted(invocation) && distrusted !== undefined) return tlsError(distrusted)
  return !isCommitted(invocation) && unreached.has(codeOf(error)) ? connectError(invocation, error) : exchangeError(invocation, error)
}
