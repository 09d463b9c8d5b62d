/** OAuth access tokens: JWTs of one issuer (RFC 9068), checked as RFC 8725 asks. No token is kept or passed on. */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { RetrofitError } from '../core/errors.ts'
import type { Caller } from '../core/types.ts'
import { type IssuerTimes, keysOf } from './issuer.ts'
import { isOperatorScope, isScope } from './scopes.ts'
import { isOperatorTenant, isTenant, operatorTenant } from './tenant.ts'

export interface TokenOptions {
  readonly issuer: string
  /** A token must be meant for one of these. */
  readonly audiences: readonly string[]
  /** The claim that names the tenant; without it every token is of the tenant `default`. */
  readonly tenantClaim?: string | undefined
  readonly times?: Partial<IssuerTimes>
}

export interface Tokens {
  /** The caller behind an Authorization header; undefined where it holds no JWT. A JWT that is not good throws `unauthenticated`. */
  authenticate(authorization: string | undefined): Promise<Caller | undefined>
}

/** Public keys only: a secret that both sides know could be the public key itself. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** `JWT` is what issuers write that are older than RFC 9068. */
const types: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt'])
/** Node takes 16 KiB of headers. */
const jwtPattern = /^Bearer +([\w-]{1,2048}\.[\w-]{1,8192}\.[\w-]{0,1024})$/i
/** In seconds. */
const clockTolerance = 5
/** RFC 9068; OpenID Connect; Okta; Entra ID. */
const clientClaims = ['client_id', 'azp', 'cid', 'appid']
/** RFC 9068; Okta and Entra ID. */
const scopeClaims = ['scope', 'scp']

export function createTokens({ issuer, audiences, tenantClaim, times }: TokenOptions): Tokens {
  const keys = keysOf(issuer, times)
  const expected = { issuer, audience: [...audiences] }
  return {
    async authenticate(authorization) {
      const token = jwtPattern.exec(authorization ?? '')?.[1]
      if (token === undefined) return undefined
      return callerOf(await verified(token, keys, expected), tenantClaim)
    }
  }
}

interface Expected {
  readonly issuer: string
  readonly audience: string[]
}

async function verified(token: string, keys: JWTVerifyGetKey, expected: Expected): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, { ...expected, algorithms, clockTolerance, requiredClaims: ['exp'] })
    if (!types.has((protectedHeader.typ ?? 'JWT').toLowerCase())) throw refused(`it is no access token but ${protectedHeader.typ}`)
    return payload
  } catch (error) {
    if (error instanceof RetrofitError) throw error
    if (!(error instanceof errors.JOSEError))
      throw new RetrofitError('not_ready', { detail: 'The issuer of the token can not be asked now', cause: error })
    throw refused(reasonOf(error, expected), error)
  }
}

function callerOf(claims: JWTPayload, tenantClaim: string | undefined): Caller {
  // RFC 7800: only the holder of a key may use it, and a bearer shows none.
  if (claims.cnf !== undefined) throw refused('it is bound to a key of its holder (cnf), which this service can not check')
  const client = clientClaims.map(name => claims[name]).find(isName) ?? claims.sub
  if (!isName(client)) throw refused('it names no client: client_id and sub are missing or too long')
  return {
    tenant: tenantOf(claims, tenantClaim),
    subject: isName(claims.sub) ? claims.sub : client,
    clientId: `oidc:${client}`,
    scopes: scopesOf(claims),
    expiresAt: endOf(claims)
  }
}

const endOf = ({ exp }: JWTPayload): number | undefined => (exp === undefined ? undefined : (exp + clockTolerance) * 1_000)

/** An issuer that serves several tenants has no say in the operator's own. */
function tenantOf(claims: JWTPayload, tenantClaim: string | undefined): string {
  if (tenantClaim === undefined) return operatorTenant
  const tenant = Object.hasOwn(claims, tenantClaim) ? claims[tenantClaim] : undefined
  if (typeof tenant !== 'string' || !isTenant(tenant)) throw refused(`its claim ${tenantClaim} names no tenant`)
  if (isOperatorTenant(tenant)) throw refused(`its claim ${tenantClaim} names ${tenant}, which is the operator's own tenant`)
  return tenant
}

/** Scopes of actions alone. What an issuer grants beside them, such as `openid`, does no harm; what is the operator's goes by API key. */
const scopesOf = (claims: JWTPayload): readonly string[] =>
  scopeClaims
    .map(name => claims[name])
    .flatMap(value => (typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []))
    .filter((scope): scope is string => typeof scope === 'string' && isScope(scope) && !isOperatorScope(scope))

const isName = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 256

const reasons: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: 'it has expired',
  [errors.JWSSignatureVerificationFailed.code]: 'its signature is wrong',
  [errors.JOSEAlgNotAllowed.code]: 'its algorithm is not allowed',
  [errors.JWKSNoMatchingKey.code]: 'its issuer does not publish the key that signed it'
}

const reasonOf = (error: errors.JOSEError, { issuer, audience }: Expected): string =>
  !(error instanceof errors.JWTClaimValidationFailed)
    ? (reasons[error.code] ?? 'it is no JWT that this service can read')
    : error.claim === 'aud'
      ? `it is not meant for ${audience.join(' or ')} (aud)`
      : error.claim === 'iss'
        ? `it is not of ${issuer} (iss)`
        : `its claim ${error.claim} is missing or not valid now`

function refused(why: string, cause?: unknown): RetrofitError {
  return new RetrofitError('unauthenticated', {
    detail: `The token is not accepted: ${why}`,
    hint: 'Get a new access token for this service from its issuer, and send it as Authorization: Bearer.',
    cause
  })
}
