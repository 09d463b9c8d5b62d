/** A token of an issuer for the client that we are (RFC 6749, section 4.4). */
import { type Call, RetrofitError, timeoutSignal } from '../../../src/index.ts'
import { reasonOf } from '../failures.ts'
import { type Answer, postOnce } from '../http.ts'
import type { Plan } from '../plan.ts'
import { basicToken } from '../security/auth.ts'
import { memberOf } from '../security/member.ts'
import { tlsSettings } from '../security/tls.ts'
import { throughProxy } from '../way.ts'
import { allowed } from './endpoint.ts'
import type { Grant } from './grant.ts'
import { RefusedLogin } from './refused-login.ts'
import type { OauthKeys } from './shape.ts'

const [answerBytes, timeoutMs] = [262_144, 30_000]
/** A token is fetched anew so long before it ends, and where it lives shorter, after half of its time. */
const earlyMs = 60_000

export async function fetchToken(call: Call<Plan>): Promise<Grant> {
  const { oauth: keys, tls } = call.steps
  if (keys === undefined) throw new Error('target.oauth is not there')
  const url = allowed(call, new URL(keys.tokenUrl))
  const way = {
    origin: url.origin,
    reach: call.target.reach,
    proxy: throughProxy(call, url.origin),
    tls: keys.tls && tls !== undefined ? tlsSettings(tls, call.credentials) : undefined
  }
  const signal = AbortSignal.any([call.signal, timeoutSignal(timeoutMs)])
  const request = { path: url.pathname + url.search, ...requestOf(keys, call.credentials), signal, answerBytes }
  const asked = Date.now()
  const attributes = { 'http.request.method': 'POST', 'server.address': url.hostname }
  const answer = await call
    .exchange('POST token', attributes, () => postOnce(way, request))
    .catch(error => {
      call.signal.throwIfAborted()
      if (error instanceof RetrofitError) throw error
      throw failed(`it can not be reached (${reasonOf(error)})`, true)
    })
  return grantOf(answer, asked)
}

function requestOf(keys: OauthKeys, credentials: Call['credentials']): { headers: Record<string, string>; body: Buffer } {
  const id = memberOf(credentials, 'client_id', 'the name of the client')
  const secret = memberOf(credentials, 'client_secret', 'the secret of the client')
  const { scope, resource, audience, client } = keys
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  for (const [name, value] of Object.entries({ scope, resource, audience })) if (value !== undefined) form.set(name, value)
  const headers: Record<string, string> = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }
  // Section 2.3.1: both are encoded as in a form before they are joined.
  if (client === 'basic') headers.authorization = `Basic ${basicToken(formText(id), formText(secret))}`
  else {
    form.set('client_id', id)
    form.set('client_secret', secret)
  }
  return { headers, body: Buffer.from(form.toString()) }
}

const formText = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)

interface TokenAnswer {
  readonly access_token?: unknown
  readonly token_type?: unknown
  readonly expires_in?: unknown
  readonly error?: unknown
}

function grantOf({ status, body, broken, cut }: Answer, asked: number): Grant {
  const read = broken ?? cut ?? ''
  const said = read === '' ? jsonOf(body) : {}
  const code = typeof said.error === 'string' && /^[\w.-]{1,60}$/.test(said.error) ? `: ${said.error}` : ''
  if (refusing.has(code) || (status === 401 && code === '')) throw new RefusedLogin({ detail: `${refusedText} (HTTP ${status}${code}).` })
  if (status !== 200) throw failed(`it answered HTTP ${status}${code}`, status >= 500 || status === 429)
  const { access_token: token, token_type: type = 'Bearer' } = said
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw failed('its answer has no access_token', false)
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') throw failed('its token is none of the type Bearer', false)
  const secrets = [token]
  return { values: { token }, secrets: () => secrets, until: untilOf(Number(said.expires_in ?? Number.NaN), asked) }
}

const refusing: ReadonlySet<string> = new Set([': invalid_client', ': unauthorized_client', ': access_denied'])
const refusedText = 'The token endpoint (target.oauth.tokenUrl) refused client_id and client_secret'

/** Without a time it is good until the target says otherwise. */
function untilOf(seconds: number, asked: number): number {
  if (!Number.isFinite(seconds) || seconds < 0) return Number.POSITIVE_INFINITY
  const lasts = seconds * 1_000
  return asked + Math.max(lasts / 2, lasts - earlyMs)
}

function jsonOf(body: Buffer): TokenAnswer {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return value !== null && typeof value === 'object' ? value : {}
  } catch {
    return {}
  }
}

const failed = (why: string, retryable: boolean): RetrofitError =>
  new RetrofitError('target_failed', {
    detail: `There is no token of the token endpoint (target.oauth.tokenUrl): ${why}. Nothing was sent to the target.`,
    retryable
  })
