/** Where the service is, as the manifest says it. */
import { whyNotThere } from '../../../core/reach.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import type { Operation } from './model.ts'
import { cleanText, titleOf } from './names.ts'

export interface ImportedTarget {
  readonly title: string
  readonly keys: JsonObject
  /** Of the environment, where the file has no address. */
  readonly variable: string | undefined
  readonly address: string | undefined
  readonly soap: Operation['soap']
  readonly warnings: readonly string[]
}

export function targetOf(bot: string, operations: readonly Operation[]): ImportedTarget {
  const title = cleanText(titleOf(operations.find(({ endpoint }) => endpoint !== undefined)?.endpoint?.service ?? bot), 200)
  const soap = operations.every(each => each.soap === '1.2') ? '1.2' : '1.1'
  const addresses = [...new Set(operations.map(({ endpoint }) => usable(endpoint?.address)))]
  const address = addresses.find(each => each !== undefined)
  const variable = address === undefined ? `BOT_${bot.toUpperCase()}_URL` : undefined
  const origins = [...new Set(addresses.flatMap(each => (each === undefined ? [] : [new URL(each).origin])))]
  const keys: Record<string, Json> = { url: address ?? `{{ env.${variable} }}`, ...(soap === '1.2' ? { soap } : {}) }
  if (origins.length > 1) keys.egress = origins
  const warnings =
    variable === undefined ? [] : [`The file has no usable address: set ${variable} in the environment, or write target.url.`]
  return { title, keys, variable, address, soap, warnings }
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
export function endpointOf({ address, soap }: ImportedTarget, operation: Operation): JsonObject {
  const own = usable(operation.endpoint?.address)
  return {
    ...(own === undefined || own === address ? {} : { endpoint: own }),
    ...(operation.soap === soap ? {} : { soap: operation.soap })
  }
}
