/** The signing keys of one OAuth or OpenID issuer: found by discovery when the first token comes, kept for a while. */
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import { isSafeAddress } from '../core/safe-address.ts'

export interface IssuerTimes {
  /** For each answer of the issuer. */
  readonly timeoutMs: number
  /** Between two questions for a key that it does not know, and after a failure. */
  readonly coolDownMs: number
  /** A key that it no longer publishes is believed this long. */
  readonly maxAgeMs: number
}

const usualTimes: IssuerTimes = { timeoutMs: 5_000, coolDownMs: 10_000, maxAgeMs: 300_000 }

/** The issuer does not answer, or says of itself what can not be. */
export class IssuerAway extends Error {}

/** Asks nothing yet. Throws IssuerAway where the issuer is to blame, jose's errors where the token is. */
export function keysOf(issuer: string, times: Partial<IssuerTimes> = {}): JWTVerifyGetKey {
  const { timeoutMs, coolDownMs, maxAgeMs } = { ...usualTimes, ...times }
  let found: Promise<JWTVerifyGetKey> | undefined
  const find = async (): Promise<JWTVerifyGetKey> =>
    createRemoteJWKSet(new URL(await keysAddress(issuer, timeoutMs)), {
      timeoutDuration: timeoutMs,
      cooldownDuration: coolDownMs,
      cacheMaxAge: maxAgeMs
    })
  const findAgain = (): Promise<JWTVerifyGetKey> => {
    const asked = find()
    const forget = (): void => {
      found = undefined
    }
    asked.catch(() => setTimeout(forget, coolDownMs).unref())
    return asked
  }
  return async (header, token) => {
    found ??= findAgain()
    const keys = await found
    try {
      return await keys(header, token)
    } catch (error) {
      if (isOfToken(error)) throw error
      throw new IssuerAway(`the keys of ${issuer} can not be read: ${(error as Error).message}`, { cause: error })
    }
  }
}

const ofToken: ReadonlySet<unknown> = new Set(['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'ERR_JOSE_NOT_SUPPORTED'])
const isOfToken = (error: unknown): boolean => ofToken.has((error as { code?: unknown }).code)

/** OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3.1. */
function documentsOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`]
}

async function keysAddress(issuer: string, timeoutMs: number): Promise<string> {
  const failures: string[] = []
  for (const address of documentsOf(issuer)) {
    const { keys, failure } = await ask(issuer, address, timeoutMs).catch(error => ({ keys: undefined, failure: (error as Error).message }))
    if (keys !== undefined) return keys
    failures.push(`${address}: ${failure}`)
  }
  throw new IssuerAway(`the issuer ${issuer} can not be read: ${failures.join('; ')}`)
}

async function ask(issuer: string, address: string, timeoutMs: number): Promise<{ keys?: string; failure?: string }> {
  const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) return { failure: `status ${response.status}` }
  const said = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null
  // RFC 8414, section 3.3: a document of another issuer must not be used.
  if (said?.issuer !== issuer) return { failure: `it is of the issuer ${JSON.stringify(said?.issuer)}` }
  const keys = said.jwks_uri
  return typeof keys === 'string' && isSafeAddress(keys) ? { keys } : { failure: 'its jwks_uri is not an https address' }
}
