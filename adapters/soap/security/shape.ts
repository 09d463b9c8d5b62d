/** The keys of a manifest that say how a target is reached safely. */
import { z } from 'zod'
import { durationPattern } from '../../../src/index.ts'

const member = z.string().regex(/^[A-Za-z_][\w.-]{0,63}$/, 'must be the name of a text in the credentials, never the text itself')

const tls = z
  .strictObject({
    ca: member.optional().describe("The certificates (PEM) that the target's own must come from. Default: those that the machine trusts."),
    certificate: member.optional().describe("The client's certificate with its chain (PEM), for mutual TLS."),
    key: member.optional().describe("The private key of the client's certificate (PEM)."),
    pfx: member.optional().describe('Certificate and key in one PKCS #12 file, in base64, in place of certificate and key.'),
    passphrase: member.optional().describe('What the key or the pfx is encrypted with.'),
    serverName: z
      .string()
      .regex(/^[A-Za-z0-9.-]{1,253}$/, 'must be a host name')
      .optional()
      .describe("The name that the target's certificate must be for. Default: the host of the URL.")
  })
  .refine(keys => Object.keys(keys).length > 0, 'needs at least one of ca, certificate and key, pfx, serverName')
  .refine(keys => (keys.certificate === undefined) === (keys.key === undefined), 'needs certificate and key together')
  .refine(keys => keys.pfx === undefined || keys.certificate === undefined, 'has pfx or certificate and key, not both')
  .refine(
    keys => keys.passphrase === undefined || keys.key !== undefined || keys.pfx !== undefined,
    'has a passphrase for no key: name key or pfx too'
  )

const duration = z.string().regex(durationPattern, 'must be a time with its unit, as 30s or 5m')
const uri = z.string().regex(/^[^\s"<>\\]+$/, 'must be a URI')

const usernameTokenKeys = z.strictObject({
  password: z
    .enum(['text', 'digest', 'none'])
    .describe(
      "text: the password itself, over TLS alone. digest: hashed with a nonce. none: the target knows the caller's name from elsewhere."
    ),
  nonce: z.boolean().default(true).describe('Whether a nonce and a time go with it; a digest has both always.')
})
const usernameToken = z
  .union([z.enum(['text', 'digest']).transform(password => ({ password, nonce: password === 'digest' })), usernameTokenKeys])
  .describe('text or digest, with username and password of the credentials.')

const security = z
  .strictObject({
    usernameToken: usernameToken.optional(),
    timestamp: duration.optional().describe('How long a request is good for, as 5m: wsu:Timestamp.'),
    mustUnderstand: z.boolean().default(true).describe('Whether the target must refuse what it does not understand of it.'),
    actor: uri.optional().describe('The SOAP actor (1.2: role) that the security header is for. Default: the target itself.')
  })
  .refine(keys => keys.usernameToken !== undefined || keys.timestamp !== undefined, 'needs at least one of usernameToken, timestamp')

const addressing = z
  .union([
    z.literal(true).transform(() => ({ version: '2005/08' as const, to: undefined })),
    z.strictObject({
      version: z.enum(['2005/08', '2004/08']).default('2005/08').describe('The namespace of WS-Addressing.'),
      to: uri.optional().describe('wsa:To, where it is not the address that is called.')
    })
  ])
  .describe('WS-Addressing headers: true, or which version and address.')

const headers = z.record(z.string().regex(/^[^@#]/, 'must be an element name, as cb:Login'), z.json())

export const operationSecurity = {
  secured: z.boolean().default(true).describe("false: without the target's security, addressing and headers."),
  headers: headers.optional().describe("SOAP headers of this operation, after the target's."),
  wsaAction: uri.optional().describe('wsa:Action. Default: soapAction.')
}

export const targetSecurity = {
  auth: z
    .enum(['none', 'basic', 'bearer'])
    .default('none')
    .describe('basic: HTTP Basic with username and password of the credentials. bearer: the token of the credentials.'),
  tls: tls.optional().describe('TLS as this target wants it. Values are names of texts in the credentials.'),
  gzip: z.boolean().default(false).describe('Requests are sent compressed, too. Only where the service says that it reads that.'),
  security: security.optional().describe('WS-Security of requests and answers.'),
  addressing: addressing.optional(),
  headers: headers
    .optional()
    .describe(
      'SOAP headers of every request: elements as cb:Login, @name an attribute, #text the text beside it; expressions as in a body.'
    )
}

export type SecurityKeys = z.output<typeof security>
export type UsernameTokenKeys = z.output<typeof usernameTokenKeys>

export type TlsKeys = z.output<typeof tls>
