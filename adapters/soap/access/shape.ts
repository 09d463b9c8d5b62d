/** The keys of a manifest that say how a target is logged in to and reached. */
import { z } from 'zod'
import { durationPattern, isSafeAddress } from '../../../src/index.ts'

const name = z.string().regex(/^[A-Za-z_]\w{0,63}$/, 'must be a name of letters, digits and _, as token')
const expression = z.string().regex(/\{\{/, 'must be an expression over the response, as {{ response.sessionId }}')
const duration = z.string().regex(durationPattern, 'must be a time with its unit, as 30m or 2h')
const word = z.string().regex(/^[\x21-\x7e]+$/, 'must be a text without spaces')

export const loginKeys = {
  keep: z
    .record(name, expression)
    .default({})
    .describe(
      'What later calls need of its answer, by name: bodies, headers and the body of the probe read {{ login.token }}. Each is a secret.'
    ),
  public: z.array(name).default([]).describe('Names under keep that are no secrets, as the number of the user: an output may hold them.'),
  address: expression
    .optional()
    .describe(
      'The address of later calls, where the answer says it; its origin must be in target.egress and among those of the credentials.'
    ),
  cookies: z.boolean().default(true).describe('Whether later calls send the cookies that the answers set.'),
  lasts: duration.optional().describe('The login is made anew after this long. Default: when an answer says that it has ended.')
}

export const oauth = z
  .strictObject({
    tokenUrl: z
      .url()
      .refine(isSafeAddress, 'must start with https://: the secret goes there')
      .describe('The token endpoint; its origin must be in target.egress and among those of the credentials.'),
    client: z
      .enum(['basic', 'post'])
      .default('basic')
      .describe('How client_id and client_secret of the credentials are sent: in the Authorization header or in the form.'),
    scope: z.string().min(1).optional().describe('The scopes to ask for, with spaces between.'),
    resource: word.optional().describe('The resource to ask for (RFC 8707).'),
    audience: word.optional().describe('The audience to ask for, where the issuer wants one.'),
    tls: z
      .boolean()
      .default(false)
      .describe(
        'Whether target.tls (CA, client certificate) counts for the token endpoint too. Default: false, only the certificates that this machine trusts count.'
      )
  })
  .describe('OAuth 2.0 client credentials (RFC 6749, section 4.4), for auth: oauth.')

export const proxy = z
  .string()
  .regex(/^http:\/\/[A-Za-z0-9.[\]:-]+\/?$/, 'must be the address of the proxy without a login, as http://proxy.example:3128')
  .refine(text => URL.canParse(text), 'must be an address, as http://proxy.example:3128')
  .describe('The proxy that requests go through, by CONNECT; with proxy_username and proxy_password of the credentials, if they are there.')

export type OauthKeys = z.output<typeof oauth>
