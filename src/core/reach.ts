/** Where a bot may go. Asked when a manifest is loaded, and again for the address that is about to be connected to. */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { addressKind } from './address-kind.ts'

/** The limits of a bot that came over HTTP: it reaches public addresses, and these origins wherever they are. */
export interface Reach {
  readonly origins: readonly string[]
}

export interface Destination {
  readonly origin: string
  /** Absent: any address that is not of a metadata service. */
  readonly reach?: Reach | undefined
}

/** Nothing was sent: the address is none that the bot may go to. */
export class NotReachable extends Error {
  readonly code = 'ERR_NOT_REACHABLE'
}

export const reachHint =
  'A bot that was registered over HTTP reaches public addresses. For another one an operator adds its origin to TARGET_ORIGINS of every gateway and worker, or puts the bot into the bots folder.'

/** Names under which clouds have their metadata service; others are found out by the address. */
const metadataName = /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data(\.ec2\.internal)?|metadata\.packet\.net)\.?$/
/** RFC 6761: never a name of the public network. */
const loopbackName = /(^|\.)localhost\.?$/

const unbracketed = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')

/** Why the bot may not go there, as far as the name tells; undefined: it may, or the address has to tell. */
export function whyNotThere({ origin, reach }: Destination): string | undefined {
  const { hostname } = new URL(origin)
  const host = unbracketed(hostname)
  if (isIP(host) !== 0) return whyNotTo(host, { origin, reach })
  if (metadataName.test(host)) return ofMetadata(host)
  return loopbackName.test(host) && !isOpen({ origin, reach }) ? notPublic(host, origin) : undefined
}

/** Why the bot may not connect to this address. */
export function whyNotTo(address: string, destination: Destination): string | undefined {
  const kind = addressKind(address)
  const host = unbracketed(new URL(destination.origin).hostname)
  const shown = host === address ? address : `${host} (${address})`
  if (kind === 'metadata') return ofMetadata(shown)
  return kind === 'public' || isOpen(destination) ? undefined : notPublic(shown, destination.origin)
}

const isOpen = ({ origin, reach }: Destination): boolean => reach === undefined || reach.origins.includes(origin)

const ofMetadata = (host: string): string => `${host} is an address of the machine's own cloud metadata: it can not be a target`

const notPublic = (host: string, origin: string): string =>
  `${host} is no public address, and ${origin} is not in TARGET_ORIGINS: a bot that is registered over HTTP can not reach it`

/**
 * The lookup of one connection: it finds addresses alone that the bot may go to, so that a name can not lead elsewhere than where it led
 * when somebody looked. Where a name has other addresses only, it fails with NotReachable.
 */
export function judgedLookup(lookup: LookupFunction, destination: Destination): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true } as LookupOptions, (error, found) => {
      if (error) return callback(error, [])
      const all = found as unknown as readonly LookupAddress[]
      const allowed = all.filter(({ address }) => whyNotTo(address, destination) === undefined)
      const [first] = allowed
      if (first === undefined) return callback(new NotReachable(whyNotTo(all[0]?.address ?? '', destination)), [])
      if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
}
