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

const sign = z
  .strictObject({
    certificate: member.describe('The certificate (PEM) that requests are signed with.'),
    key: member.describe('Its private key (PEM).'),
    passphrase: member.optional().describe('What the key is encrypted with.'),
    parts: z
      .array(z.enum(['body', 'timestamp', 'usernameToken', 'token', 'addressing']))
      .min(1)
      .default(['body', 'timestamp', 'addressing'])
      .describe('What is signed, as far as a request has it. token: the certificate itself.'),
    algorithm: z
      .enum(['rsa-sha256', 'rsa-sha512', 'ecdsa-sha256', 'rsa-sha1'])
      .default('rsa-sha256')
      .describe('rsa-sha1 for old targets alone.'),
    digest: z.enum(['sha256', 'sha512', 'sha1']).default('sha256').describe('sha1 for old targets alone.'),
    keyInfo: z
      .enum(['token', 'issuerSerial', 'thumbprint', 'subjectKeyIdentifier'])
      .default('token')
      .describe('How the target learns which certificate it is. token: it goes with the request.')
  })
  .describe('An X.509 signature of the request. Names are those of texts in the credentials.')

const verify = z
  .strictObject({
    certificate: member.describe(
      'The certificates (PEM, one or several) that answers may be signed with. What an answer brings itself is not believed.'
    ),
    parts: z
      .array(z.enum(['body', 'timestamp', 'relatesTo']))
      .default(['body', 'timestamp'])
      .refine(parts => parts.includes('body'), 'must have body in it: nothing else of an answer is used')
      .describe('What an answer must have signed. relatesTo: the wsa:RelatesTo of this very request.'),
    sha1: z.boolean().default(false).describe('Whether signatures and digests with SHA-1 are believed, for old targets.'),
    skew: duration.default('1m').describe("How far the target's clock may be off."),
    maxAge: duration.default('5m').describe('How old a signed answer may be, whatever it says itself.'),
    unsignedFaults: z
      .boolean()
      .default(false)
      .describe('Whether faults and HTTP errors without a signature count as errors of the business or as not applied.')
  })
  .describe('Answers must be signed. Names are those of texts in the credentials.')

const security = z
  .strictObject({
    usernameToken: usernameToken.optional(),
    timestamp: duration.optional().describe('How long a request is good for, as 5m: wsu:Timestamp.'),
    sign: sign.optional(),
    verify: verify.optional(),
    mustUnderstand: z.boolean().default(true).describe('Whether the target must refuse what it does not understand of it.'),
    actor: uri.optional().describe('The SOAP actor (1.2: role) that the security header is for. Default: the target itself.')
  })
  .refine(
    keys => [keys.usernameToken, keys.timestamp, keys.sign, keys.verify].some(each => each !== undefined),
    'needs at least one of usernameToken, timestamp, sign, verify'
  )

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
    .enum(['none', 'basic', 'bearer', 'digest', 'ntlm', 'oauth'])
    .default('none')
    .describe(
      'basic, digest, ntlm: HTTP with username and password of the credentials. bearer: the token of the credentials. oauth: a token of target.oauth.'
    ),
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

export type SignKeys = z.output<typeof sign>
export type VerifyKeys = z.output<typeof verify>
export type SecurityKeys = z.output<typeof security>
export type UsernameTokenKeys = z.output<typeof usernameTokenKeys>

export type TlsKeys = z.output<typeof tls>
