/** Documents about the catalog: made once for each state of it and each tenant and set of scopes, and not sent to who has them. */
import { hash } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import type { Caller } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { callerOf, type Exchange } from './exchange.ts'

export interface Made {
  readonly text: string
  readonly mediaType: string
  readonly headers?: OutgoingHttpHeaders
}

interface Published extends Omit<Made, 'text'> {
  /** Kept as it is sent: to write a text of some megabytes into a socket takes longer than all the rest. */
  readonly bytes: Buffer
  readonly etag: string
}

export type Publish = (exchange: Exchange, name: string, make: (caller: Caller) => Made) => void

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
    const bytes = Buffer.from(text)
    const document = { ...made, bytes, etag: `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"` }
    cache.set(key, document)
    return document
  }

  return (exchange, name, make) => {
    const { bytes, etag, mediaType, headers } = published(name, callerOf(exchange), make)
    const all = { etag, 'cache-control': 'private, no-cache', vary: 'Authorization', ...headers }
    if (matches(exchange.headers['if-none-match'], etag)) exchange.response.writeHead(304, all).end()
    else exchange.response.writeHead(200, { ...all, 'content-type': mediaType, 'content-length': bytes.byteLength }).end(bytes)
  }
}

const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || header.split(',').some(one => one.trim().replace(/^W\//, '') === etag))
