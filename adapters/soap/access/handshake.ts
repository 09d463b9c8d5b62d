/** HTTP Digest and NTLM want something before the request that matters: a challenge, got with a request that holds nothing. */
import { RetrofitError } from '../../../src/index.ts'
import { type Answer, type Connection, type Post, postOnce } from '../http.ts'
import type { Invocation } from '../invocation.ts'
import { wayOf } from '../way.ts'
import { readChallenges } from './challenges.ts'
import { chooseDigest, digestHeader, type Nonce } from './digest.ts'
import { ntlmChallenge, ntlmResponse, startNtlm } from './ntlm.ts'

/** By origin. The same object of credentials comes back until its file changes. */
const nonces = new WeakMap<Invocation['call']['credentials'], Map<string, Nonce>>()

function noncesOf({ call: { credentials } }: Invocation): Map<string, Nonce> {
  const known = nonces.get(credentials) ?? new Map<string, Nonce>()
  nonces.set(credentials, known)
  return known
}

/** The request as it is sent: signed by the last challenge that this target gave, where it gave one. */
export function withDigest(invocation: Invocation, request: Post): Post {
  const nonce = invocation.call.steps.auth === 'digest' ? noncesOf(invocation).get(invocation.endpoint.origin) : undefined
  if (nonce === undefined) return request
  const authorization = digestHeader(nonce, request, invocation.call.credentials)
  return { ...request, headers: { ...request.headers, authorization } }
}

/** True: the answer is a challenge, which the next request will be signed by. */
export function wantsDigest(invocation: Invocation, { status, challenges }: Pick<Answer, 'status' | 'challenges'>): boolean {
  if (status !== 401 || invocation.call.steps.auth !== 'digest') return false
  const nonce = chooseDigest(readChallenges(challenges))
  if (nonce === undefined) return false
  noncesOf(invocation).set(invocation.endpoint.origin, nonce)
  return true
}

/**
 * Before the fence of a commit: after it there is one request alone. An empty POST is no SOAP message and carries no login, so nothing
 * can be applied by it. The connection is that of the request, which is all that NTLM signs in.
 */
export async function shakeHands(invocation: Invocation, connection: Connection, request: Post): Promise<Post> {
  const { auth } = invocation.call.steps
  if (auth === 'digest') return digestHands(invocation, request)
  return auth === 'ntlm' ? ntlmHands(invocation, connection, request) : request
}

/** A fresh nonce each time: one that is stale would be found out behind the fence. */
async function digestHands(invocation: Invocation, request: Post): Promise<Post> {
  const asking = { path: request.path, headers: {}, body: Buffer.alloc(0), signal: request.signal, answerBytes: request.answerBytes }
  const answer = await invocation.call.exchange('POST challenge', attributesOf(invocation), () => postOnce(wayOf(invocation), asking))
  wantsDigest(invocation, answer)
  const signed = withDigest(invocation, request)
  if (signed === request) throw noChallenge('Digest', answer)
  return signed
}

async function ntlmHands({ call, endpoint, ...rest }: Invocation, connection: Connection, request: Post): Promise<Post> {
  const { path, signal } = request
  const headers = { authorization: `NTLM ${startNtlm().toString('base64')}` }
  const asked = await call.exchange('POST challenge', attributesOf({ ...rest, call, endpoint }), () =>
    connection.ask({ path, headers, body: Buffer.alloc(0), signal })
  )
  const challenge = asked.status === 401 ? ntlmChallenge(asked.challenges) : undefined
  if (challenge === undefined) throw noChallenge('NTLM', asked)
  const authorization = `NTLM ${ntlmResponse(challenge, call.credentials, endpoint).toString('base64')}`
  return { ...request, headers: { ...request.headers, authorization } }
}

const attributesOf = ({ endpoint }: Invocation) => ({ 'http.request.method': 'POST', 'server.address': endpoint.hostname })

function noChallenge(wanted: string, { status, challenges }: Pick<Answer, 'status' | 'challenges'>): RetrofitError {
  const offered = [...new Set(readChallenges(challenges).map(({ scheme }) => scheme))].join(', ')
  const what = offered === '' ? 'no challenge' : `challenges for ${offered}`
  return new RetrofitError('target_failed', {
    detail: `The target gave no ${wanted} challenge (target.auth): it answered an empty POST with HTTP ${status} and ${what}. Nothing else was sent.`,
    retryable: status >= 500,
    hint: 'The owner of the bot has to write the auth that the target offers.'
  })
}
