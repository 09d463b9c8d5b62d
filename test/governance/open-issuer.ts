/** A real issuer on loopback (oidc-provider), whose signing key the test has too, so that it can sign what no issuer would. */
import { createServer, type Server } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { type Adapter, Provider } from 'oidc-provider'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export interface OpenIssuer {
  readonly issuer: string
  readonly key: SigningKey
  /** Paths that were asked for since it opened. */
  readonly asked: readonly string[]
  /** What its token endpoint grants to a client with a secret. */
  grant(client: string, request: { readonly resource: string; readonly scope?: string }): Promise<string>
  /** A token with these claims over those of a good one. */
  sign(
    claims?: JWTPayload,
    header?: { readonly alg?: string; readonly kid?: string; readonly typ?: string },
    key?: CryptoKey
  ): Promise<string>
  close(): Promise<void>
}

export interface IssuerOptions {
  readonly audience?: string
  readonly port?: number
  readonly key?: SigningKey
}

export const secret = 'a-secret-of-the-tests'
/** Clients, and the tenant that their tokens name. */
const tenants: Readonly<Record<string, string>> = { crm: 'acme', voice: 'globex' }
const scopes = ['demo:read', 'demo:write', 'payments:write', 'accounts:read', 'runs:read']

export async function makeKey(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' } }
}

export async function openIssuer({ audience = 'urn:retrofit:test', port = 0, key: given }: IssuerOptions = {}): Promise<OpenIssuer> {
  const key = given ?? (await makeKey('first'))
  const asked: string[] = []
  const server = createServer()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const answer = providerOf(issuer, key).callback()
  server.on('request', (request, response) => {
    asked.push(request.url ?? '')
    void answer(request, response)
  })
  return {
    issuer,
    key,
    asked,
    grant: (client, request) => grant(issuer, client, request),
    sign: (claims = {}, header = {}, signer = key.privateKey) => {
      const now = Math.floor(Date.now() / 1_000)
      const good = { iss: issuer, aud: audience, sub: 'ann', client_id: 'crm', scope: 'demo:read', iat: now, exp: now + 60 }
      return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'at+jwt', ...header }).sign(signer)
    },
    close: () => closeServer(server)
  }
}

/** Its tokens speak for themselves: nothing is stored. */
class Nothing implements Adapter {
  async upsert(): Promise<undefined> {}
  async find(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async findByUid(): Promise<undefined> {}
  async consume(): Promise<undefined> {}
  async destroy(): Promise<undefined> {}
  async revokeByGrantId(): Promise<undefined> {}
}

const providerOf = (issuer: string, { jwk }: SigningKey): Provider =>
  new Provider(issuer, {
    adapter: Nothing,
    ttl: { ClientCredentials: 60 },
    jwks: { keys: [jwk as never] },
    scopes,
    clients: Object.keys(tenants).map(client_id => ({
      client_id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: scopes.join(' ')
    })),
    extraTokenClaims: (_context, token) => ({ tenant: tenants[String(token.clientId)] }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: scopes.join(' '),
          audience: resource,
          accessTokenTTL: 60,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } }
        })
      }
    }
  })

async function grant(issuer: string, client: string, request: { readonly resource: string; readonly scope?: string }): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...request })
  })
  const answer = (await response.json()) as { access_token?: string }
  if (answer.access_token === undefined) throw new Error(JSON.stringify(answer))
  return answer.access_token
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve))
  server.closeAllConnections()
  await closed
}
