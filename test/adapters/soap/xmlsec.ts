/** Signatures that are not ours: xmlsec1 makes and verifies them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Identity } from './certificates.ts'

export const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss'
export const wsse = `${wss}-wssecurity-secext-1.0.xsd`
export const wsu = `${wss}-wssecurity-utility-1.0.xsd`
export const dsig = 'http://www.w3.org/2000/09/xmldsig#'
export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'

const withIds = [
  [soap, 'Body'],
  ['http://www.w3.org/2003/05/soap-envelope', 'Body'],
  [wsu, 'Timestamp'],
  [wsse, 'UsernameToken'],
  [wsse, 'BinarySecurityToken'],
  ...['Action', 'To', 'MessageID', 'ReplyTo', 'RelatesTo'].map(local => ['http://www.w3.org/2005/08/addressing', local] as const)
].map(([uri, local]) => ['--id-attr:Id', `${uri}:${local}`] as const)

function inFolder<T>(files: Readonly<Record<string, string>>, work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'xmlsec-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What xmlsec1 says of a signed envelope; 'OK' when it is good. */
export const judge = (envelope: string, certificate: string): string =>
  inFolder({ 'envelope.xml': envelope, 'certificate.pem': certificate }, cwd => {
    const args = ['--verify', ...withIds.flat(), '--pubkey-cert-pem', 'certificate.pem', 'envelope.xml']
    const { stdout, stderr, status } = spawnSync('xmlsec1', args, { cwd, encoding: 'utf8' })
    return status === 0 && /^OK$/m.test(stdout + stderr) ? 'OK' : stdout + stderr
  })

export interface Answering {
  readonly body: string
  /** Elements of the SOAP header. */
  readonly headers?: string
  readonly timestamp?: string
  readonly signer: Identity
  readonly ids?: readonly string[]
  readonly signature?: string
  readonly digest?: string
  readonly canonicalization?: string
  readonly transforms?: string
  readonly uris?: readonly string[]
  readonly prefixes?: string
  /** The key of an HMAC, in place of the signer's. */
  readonly secret?: string
}

export const timestamp = (createdMs: number, expiresMs?: number): string =>
  `<u:Timestamp xmlns:u="${wsu}" u:Id="TS"><u:Created>${new Date(createdMs).toISOString()}</u:Created>${
    expiresMs === undefined ? '' : `<u:Expires>${new Date(expiresMs).toISOString()}</u:Expires>`
  }</u:Timestamp>`

/** A signed envelope as another stack makes it. */
export function signedAnswer(answering: Answering): string {
  const { body, headers = '', timestamp: time = timestamp(Date.now(), Date.now() + 300_000), signer, secret } = answering
  const { signature = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', digest = 'http://www.w3.org/2001/04/xmlenc#sha256' } = answering
  const { ids = ['B', 'TS'], canonicalization = exclusive, prefixes = '' } = answering
  const { transforms = `<ds:Transform Algorithm="${exclusive}"/>`, uris = ids.map(id => `#${id}`) } = answering
  const references = uris.map(
    uri =>
      `<ds:Reference URI="${uri}"><ds:Transforms>${transforms}</ds:Transforms><ds:DigestMethod Algorithm="${digest}"/><ds:DigestValue/></ds:Reference>`
  )
  const template = `<ds:Signature xmlns:ds="${dsig}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${canonicalization}"/><ds:SignatureMethod Algorithm="${signature}"/>${references.join('')}</ds:SignedInfo><ds:SignatureValue/></ds:Signature>`
  const envelope = `<e:Envelope xmlns:e="${soap}" xmlns:w="${wsse}"${prefixes}><e:Header>${headers}<w:Security>${time}${template}</w:Security></e:Header><e:Body xmlns:u="${wsu}" u:Id="B">${body}</e:Body></e:Envelope>`
  return inFolder({ 'template.xml': envelope, 'key.pem': signer.key, secret: secret ?? '' }, cwd => {
    const key = secret === undefined ? ['--privkey-pem', 'key.pem'] : ['--hmackey', 'secret']
    const signed = execFileSync('xmlsec1', ['--sign', ...withIds.flat(), ...key, 'template.xml'], {
      cwd,
      encoding: 'utf8',
      stdio: 'pipe',
      maxBuffer: 64 << 20
    })
    return signed.replace(/^<\?xml[^>]*>\s*/, '').trim()
  })
}
