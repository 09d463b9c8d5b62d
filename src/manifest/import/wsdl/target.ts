/** Where the service is, as the manifest says it. */
import { whyNotThere } from '../../../core/reach.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import { ImportFailure } from './failure.ts'
import type { Operation } from './model.ts'
import { cleanText, titleOf } from './names.ts'

export interface ImportedTarget {
  readonly title: string
  readonly keys: JsonObject
  /** Of the environment, where the file has no address. */
  readonly variable: string | undefined
  readonly address: string | undefined
  /** Where the operation is asked: its own address, on the host that was named where one was. */
  addressOf(operation: Operation): string | undefined
  readonly soap: Operation['soap']
  readonly warnings: readonly string[]
}

export function targetOf(bot: string, operations: readonly Operation[], named?: string): ImportedTarget {
  const title = cleanText(titleOf(operations.find(({ endpoint }) => endpoint !== undefined)?.endpoint?.service ?? bot), 200)
  const soap = operations.every(each => each.soap === '1.2') ? '1.2' : '1.1'
  const addressOf = addresser(operations, named)
  const addresses = [...new Set(operations.map(addressOf))]
  const address = addresses.find(each => each !== undefined)
  const variable = address === undefined ? `BOT_${bot.toUpperCase()}_URL` : undefined
  const origins = [...new Set(addresses.flatMap(each => (each === undefined ? [] : [new URL(each).origin])))]
  const keys: Record<string, Json> = { url: address ?? `{{ env.${variable} }}`, ...(soap === '1.2' ? { soap } : {}) }
  if (origins.length > 1) keys.egress = origins
  const warnings =
    variable === undefined ? [] : [`The file has no usable address: set ${variable} in the environment, or write target.url.`]
  return { title, keys, variable, address, addressOf, soap, warnings }
}

/** The first address becomes the one that was named; others of its origin follow with their paths. */
function addresser(operations: readonly Operation[], named: string | undefined): ImportedTarget['addressOf'] {
  const ofFile = ({ endpoint }: Operation) => usable(endpoint?.address)
  if (named === undefined) return ofFile
  const url = usable(named)
  if (url === undefined)
    throw new ImportFailure(
      'usage',
      `${JSON.stringify(named.slice(0, 200))} can not be the address of a service: write --url https://host/path, without a login.`
    )
  const first = operations.map(ofFile).find(each => each !== undefined)
  return operation => {
    const own = ofFile(operation)
    if (own === undefined || own === first || first === undefined) return url
    const { origin, pathname, search } = new URL(own)
    return origin === new URL(first).origin ? new URL(pathname + search, url).href : own
  }
}

/** Addresses that the loader would refuse are as good as none. */
function usable(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address) || address.includes('{{')) return undefined
  const { protocol, username, password, href, hash, hostname, origin } = new URL(address)
  const web = protocol === 'http:' || protocol === 'https:'
  return web && hostname !== '' && username === '' && password === '' && hash === '' && whyNotThere({ origin }) === undefined
    ? href
    : undefined
}

/** Where an operation differs from the target. */
export function endpointOf({ address, addressOf, soap }: ImportedTarget, operation: Operation): JsonObject {
  const own = addressOf(operation)
  return {
    ...(own === undefined || own === address ? {} : { endpoint: own }),
    ...(operation.soap === soap ? {} : { soap: operation.soap })
  }
}
