/** The kind of an IP address, however it is written: the public network, a private one, or a cloud's metadata service. */
import { BlockList, isIP } from 'node:net'

export type AddressKind = 'metadata' | 'private' | 'public'

/** `10.0.0.0/8`, or one address. */
function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [net = '', bits] = entry.split('/')
    const family = net.includes(':') ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, family)
    else list.addSubnet(net, Number(bits), family)
  }
  return list
}

/** Where clouds answer with the machine's own credentials. All of link-local: it ends at the machine's own network. */
const metadata = listOf([
  '169.254.0.0/16',
  // Alibaba Cloud; Oracle Cloud; Azure's wire server.
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fe80::/10',
  // AWS; Google Cloud; Scaleway.
  'fd00:ec2::/32',
  'fd20:ce::/32',
  'fd00:42::42'
])

/** IANA's registries of special-purpose addresses (RFC 6890), and multicast. */
const special = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Parts of 2000::/3, the only range that is given out: Teredo, ORCHID and the other protocols; documentation; 6to4.
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
  '2002::/16'
])

const global6 = listOf(['2000::/3'])

/** Ranges that lead to the IPv4 address inside: mapped (RFC 4291), translated (RFC 2765, RFC 6052). */
const translated = listOf(['::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96'])

/** An address without brackets; a zone is not looked at. What is no address is not public. */
export function addressKind(text: string): AddressKind {
  const [address = ''] = text.split('%')
  const version = isIP(address)
  if (version === 4) return kindOf4(address)
  if (version !== 6) return 'private'
  const inside = insidesOf(bytesOf(address))
  if (metadata.check(address, 'ipv6') || inside.some(each => metadata.check(each, 'ipv4'))) return 'metadata'
  if (translated.check(address, 'ipv6')) return kindOf4(inside[0] ?? '')
  return global6.check(address, 'ipv6') && !special.check(address, 'ipv6') ? 'public' : 'private'
}

const kindOf4 = (address: string): AddressKind =>
  metadata.check(address, 'ipv4') ? 'metadata' : special.check(address, 'ipv4') ? 'private' : 'public'

function bytesOf(address: string): readonly number[] {
  // URL writes a dotted end as the two groups that it is.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part = '') => part.split(':').filter(group => group !== '')
  const [before, after] = [groups(head), groups(tail)]
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
}

/**
 * The IPv4 addresses that tunnels and translators may take out of it. The last four bytes come first: mapped, compatible, ISATAP, and
 * NAT64 with a prefix of 96 bits. Then 6to4; Teredo's server and its client, which is written inverted; NAT64 with other prefixes.
 */
function insidesOf(bytes: readonly number[]): readonly string[] {
  const at = (...places: readonly number[]) => places.map(place => bytes[place]).join('.')
  const begins = (...start: readonly number[]) => start.every((byte, place) => bytes[place] === byte)
  const inside = [at(12, 13, 14, 15)]
  if (begins(0x20, 0x02)) inside.push(at(2, 3, 4, 5))
  if (begins(0x20, 0x01, 0, 0))
    inside.push(
      at(4, 5, 6, 7),
      bytes
        .slice(12)
        .map(byte => byte ^ 255)
        .join('.')
    )
  if (begins(0, 0x64, 0xff, 0x9b)) inside.push(at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12))
  return hasIpv4End(bytes, begins) ? inside : inside.slice(1)
}

/** The end of any other address is the number of a machine, which may look like anything. */
const hasIpv4End = (bytes: readonly number[], begins: (...start: readonly number[]) => boolean): boolean =>
  bytes.slice(0, 8).every(byte => byte === 0) || begins(0, 0x64, 0xff, 0x9b) || (bytes[10] === 0x5e && bytes[11] === 0xfe)
