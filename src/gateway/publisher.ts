/** Documents about the catalog: made once for each state of it and each tenant and set of scopes, and not sent to who has them. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { Caller } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { callerOf, type Exchange } from './exchange.ts'
import { type Representation, representation, sendRepresentation } from './representation.ts'

export interface Made {
  readonly text: string
  readonly mediaType: string
  readonly headers?: OutgoingHttpHeaders
}

interface Published extends Omit<Made, 'text'> {
  readonly shown: Representation
}

export type Publish = (exchange: Exchange, name: string, make: (caller: Caller) => Made) => Promise<void>

const cachedAtMost = 100

export function createPublisher(catalog: Catalog): Publish {
  const cache = new Map<string, Published>()
  let stamp = catalog.stamp

  function published(name: string, caller: Caller, make: (caller: Caller) => Made): Published {
    if (catalog.stamp !== stamp || cache.size > cachedAtMost) cache.clear()
    stamp = catalog.stamp
    const key = JSON.stringify([name, caller.tenant, [...caller.scopes].sort()])
    const known = cache.get(key)
    if (known !== undefined) return known
    const { text, ...made } = make(caller)
    const document = { ...made, shown: representation(Buffer.from(text)) }
    cache.set(key, document)
    return document
  }

  return async (exchange, name, make) => {
    const { shown, mediaType, headers } = published(name, callerOf(exchange), make)
    exchange.response.appendHeader('vary', 'Authorization')
    await sendRepresentation(exchange, shown, { 'content-type': mediaType, 'cache-control': 'private, no-cache', ...headers })
  }
}
