/** Which addresses a bot may go to: every spelling and every tunnel that leads to the same place is that place. */
import { describe, expect, test } from '@jest/globals'
import { type AddressKind, addressKind } from '../../src/core/address-kind.ts'
import { judgedLookup, NotReachable, type Reach, whyNotThere } from '../../src/core/reach.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { adapters } from './manifests.ts'

const kinds: Readonly<Record<AddressKind, readonly string[]>> = {
  metadata: [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.0.23',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    'fe80::1',
    'fe80::a9fe:a9fe%eth0',
    'febf::1',
    'fd00:ec2::254',
    'FD00:0EC2:0::254',
    'fd20:ce::254',
    'fd00:42::42',
    // Mapped, in each spelling; compatible; translated.
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::ffff:100.100.100.200',
    '::ffff:168.63.129.16',
    '::169.254.169.254',
    '::ffff:0:169.254.169.254',
    // NAT64 with each length of prefix, 6to4, Teredo (server, and client inverted), ISATAP.
    '64:ff9b::169.254.169.254',
    '64:ff9b::c000:c0',
    '64:ff9b:1::169.254.169.254',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:fe:a9:fea9:fe00:0',
    '64:ff9b:1:0:a9:fea9:fe00:0',
    '2002:a9fe:a9fe::1',
    '2002:6464:64c8::',
    '2001:0:a9fe:a9fe::',
    '2001:0:0808:0808:0:0:5601:5601',
    'fd12:3456::5efe:a9fe:a9fe',
    '2001:db8::200:5efe:a9fe:a9fe'
  ],
  private: [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::8.8.8.8',
    '2001:0:808:808::1',
    '2001:db8::1',
    '2002:808:808::1',
    '3fff::1',
    '4000::1',
    'fc00::1',
    'fd12:3456:789a::1',
    'fec0::1',
    'ff02::1',
    'not an address',
    ''
  ],
  public: [
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.0.1.1',
    '168.63.129.17',
    '223.255.255.254',
    '2606:4700:4700::1111',
    '2a00:1450:4001::200e',
    // The end of an address of a machine may look like anything.
    '2606:4700::a9fe:a9fe',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8'
  ]
}

const table = Object.entries(kinds).flatMap(([kind, addresses]) => addresses.map(address => [address, kind] as const))
test.each(table)('%s is %s', (address, kind) => expect(addressKind(address)).toBe(kind))

const manifest = (url: string, egress: readonly string[] = []) => `
bot: probe
version: 1.0.0
title: Probe
adapter: echo
target: { url: "${url}"${egress.length === 0 ? '' : `, egress: [${egress.map(one => `"${one}"`).join()}]`} }
actions:
  ask:
    title: Ask
    description: Asks.
    effect: read
    scopes: [probe:read]
    input: { type: object, additionalProperties: false, properties: {} }
    output: { type: object }
`
const issuesOf = async (source: string, options: { trusted?: boolean; targetOrigins?: readonly string[] } = {}) =>
  (await loadManifest(source, { file: 'bot.yaml', adapters, env: () => undefined, ...options })).issues.map(({ message }) => message)

describe('a manifest', () => {
  const never = [
    'http://169.254.169.254/latest',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://2852039166/',
    'http://169.254.43518/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[2002:a9fe:a9fe::]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://192.0.0.192/',
    'http://168.63.129.16/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
    'http://metadata.goog/',
    'http://metadata/',
    'http://instance-data/'
  ]
  test.each(never)('of anybody never has %s as its target, or in its egress', async url => {
    const { origin } = new URL(url)
    for (const options of [{ trusted: true }, { targetOrigins: [origin] }]) {
      expect(await issuesOf(manifest(url), options)).toEqual([expect.stringContaining("the machine's own cloud metadata")])
      expect(await issuesOf(manifest('https://portal.example/', [origin]), options)).toEqual([expect.stringContaining('cloud metadata')])
    }
  })

  const home = [
    'http://127.0.0.1:6379/',
    'http://[::1]:8080/',
    'http://localhost:8080/',
    'http://db.localhost/',
    'http://0/',
    'http://10.0.0.7/',
    'http://[::ffff:10.0.0.7]/'
  ]
  test.each(home)('over HTTP reaches %s where an operator lists its origin, and one from a file does so anyway', async url => {
    const { origin } = new URL(url)
    const refused = [expect.stringMatching(/target\.(url|egress\[0\]): .* is no public address, and .* is not in TARGET_ORIGINS/)]
    expect(await issuesOf(manifest(url))).toEqual(refused)
    expect(await issuesOf(manifest('https://portal.example/', [origin]))).toEqual(refused)
    expect(await issuesOf(manifest(url), { targetOrigins: [origin.replace(/:\d+$|$/, ':81')] })).toEqual(refused)
    expect(await issuesOf(manifest(url), { targetOrigins: [origin] })).toEqual([])
    expect(await issuesOf(manifest(url), { trusted: true })).toEqual([])
  })
})

describe('a name is judged by the address that is connected to', () => {
  const origin = 'http://portal.example'
  const resolving =
    (...addresses: readonly string[]) =>
    (_: string, __: object, callback: (error: null, found: readonly { address: string; family: number }[]) => void) =>
      callback(
        null,
        addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
      )
  const look = (addresses: readonly string[], reach: Reach | undefined, all = true) =>
    new Promise((resolve, reject) => {
      const lookup = resolving(...addresses) as unknown as Parameters<typeof judgedLookup>[0]
      judgedLookup(lookup, { origin, reach })('portal.example', { all }, (error, found) => (error ? reject(error) : resolve(found)))
    })
  const strict = { origins: [] }

  test('of several, those alone that the bot may go to are found', async () => {
    expect(await look(['10.0.0.1', '8.8.8.8', '::1'], strict)).toEqual([{ address: '8.8.8.8', family: 4 }])
    expect(await look(['169.254.169.254', '10.0.0.1'], undefined)).toEqual([{ address: '10.0.0.1', family: 4 }])
    expect(await look(['10.0.0.1', '8.8.8.8'], strict, false)).toBe('8.8.8.8')
    expect(await look(['10.0.0.1'], { origins: [origin] })).toEqual([{ address: '10.0.0.1', family: 4 }])
  })

  test('a name that leads nowhere else is refused, and says why', async () => {
    await expect(look(['10.0.0.1', '127.0.0.1'], strict)).rejects.toThrow('portal.example (10.0.0.1) is no public address')
    await expect(look(['::ffff:169.254.169.254'], { origins: [origin] })).rejects.toBeInstanceOf(NotReachable)
    expect(whyNotThere({ origin, reach: strict })).toBeUndefined()
  })
})
