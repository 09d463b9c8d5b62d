/** Keys and certificates, made by openssl on the spot. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Identity {
  readonly certificate: string
  readonly key: string
}

interface Wanted {
  readonly name: string
  /** Absent: signs itself, and may sign others. */
  readonly issuer?: Identity
  readonly rsa?: boolean
  readonly days?: number
  readonly altNames?: string
}

export function makeIdentity({ name, issuer, rsa = false, days = 2, altNames }: Wanted): Identity {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
  const at = (file: string) => join(folder, file)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: folder })
  try {
    const algorithm = rsa ? ['RSA', 'rsa_keygen_bits:2048'] : ['EC', 'ec_paramgen_curve:P-256']
    openssl('genpkey', '-algorithm', algorithm[0] as string, '-pkeyopt', algorithm[1] as string, '-out', 'key.pem')
    const extensions = [
      `subjectKeyIdentifier=hash`,
      `basicConstraints=critical,CA:${issuer === undefined ? 'TRUE' : 'FALSE'}`,
      ...(altNames === undefined ? [] : [`subjectAltName=${altNames}`])
    ]
    writeFileSync(at('extensions'), extensions.join('\n'))
    openssl('req', '-new', '-key', 'key.pem', '-subj', `/O=Test & Co/CN=${name}`, '-out', 'request.pem')
    if (issuer !== undefined) {
      writeFileSync(at('ca.pem'), issuer.certificate)
      writeFileSync(at('ca.key'), issuer.key)
    }
    const signed = issuer === undefined ? ['-signkey', 'key.pem'] : ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
    openssl('x509', '-req', '-in', 'request.pem', ...signed, '-days', String(days), '-extfile', 'extensions', '-out', 'certificate.pem')
    return { certificate: readFileSync(at('certificate.pem'), 'utf8'), key: readFileSync(at('key.pem'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Certificate and key in one file, in base64. */
export function makePfx({ certificate, key }: Identity, passphrase: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
  try {
    writeFileSync(join(folder, 'both.pem'), `${certificate}\n${key}`)
    const args = ['pkcs12', '-export', '-in', 'both.pem', '-passout', `pass:${passphrase}`]
    return execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' }).toString('base64')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The key in PKCS #8, encrypted. */
export const encryptKey = ({ key }: Identity, passphrase: string): string =>
  execFileSync('openssl', ['pkcs8', '-topk8', '-passout', `pass:${passphrase}`], { input: key, stdio: 'pipe' }).toString()
