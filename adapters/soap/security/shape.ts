/** The keys of a manifest that say how a target is reached safely. */
import { z } from 'zod'

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

export const targetSecurity = {
  auth: z
    .enum(['none', 'basic', 'bearer'])
    .default('none')
    .describe('basic: HTTP Basic with username and password of the credentials. bearer: the token of the credentials.'),
  tls: tls.optional().describe('TLS as this target wants it. Values are names of texts in the credentials.'),
  gzip: z.boolean().default(false).describe('Requests are sent compressed, too. Only where the service says that it reads that.')
}

export type TlsKeys = z.output<typeof tls>
