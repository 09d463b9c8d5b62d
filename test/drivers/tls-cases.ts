/** What a connection with TLS must do, to either server. */
import { expect, test } from '@jest/globals'
import { makeIdentity } from '../adapters/soap/certificates.ts'

export const authority = makeIdentity({ name: 'Our own CA' })
const strangers = makeIdentity({ name: 'Another CA' })
export const identity = makeIdentity({ name: 'server', issuer: authority, altNames: 'IP:127.0.0.1' })

export interface TlsCase {
  /** With `rediss://` or `amqps://`; the name is not one that the certificate has. */
  url(host: '127.0.0.1' | 'localhost'): string
  /** Opens, uses and closes it. */
  use(options: { readonly url: string; readonly ca?: string }): Promise<void>
  /** The setting that errors name. */
  readonly setting: string
}

export function tlsCases({ url, use, setting }: TlsCase): void {
  test('a server whose certificate our own CA signed is used', async () => {
    await use({ url: url('127.0.0.1'), ca: authority.certificate })
  })

  test.each([
    ['no CA', undefined],
    ['another CA', strangers.certificate]
  ])('%s: refused, with the setting that leads on', async (_, ca) => {
    await expect(use({ url: url('127.0.0.1'), ...(ca !== undefined && { ca }) })).rejects.toThrow(`set ${setting} to a PEM file`)
  })

  test('a certificate of another name is refused', async () => {
    await expect(use({ url: url('localhost'), ca: authority.certificate })).rejects.toThrow('use the name that its certificate has')
  })
}
