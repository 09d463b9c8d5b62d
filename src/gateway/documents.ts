/** The published OpenAPI document, made once for each state of the catalog and each set of scopes. */
import { hash } from 'node:crypto'
import { stringify } from 'yaml'
import type { JsonObject } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { openApiDocument } from '../surface/openapi.ts'
import { callerOf, type Exchange, sendText } from './exchange.ts'
import type { Handle } from './router.ts'

const formats = {
  json: { mediaType: 'application/json', write: (document: object) => JSON.stringify(document) },
  yaml: { mediaType: 'application/yaml', write: (document: object) => stringify(document, { aliasDuplicateObjects: false }) }
} as const

interface Published {
  readonly text: string
  readonly etag: string
}

interface DocumentOptions {
  readonly base: JsonObject
  readonly catalog: Catalog
  readonly serverUrl: string
}

const cachedAtMost = 100

export function documentOperations({ base, catalog, serverUrl }: DocumentOptions): Record<'getOpenApiJson' | 'getOpenApiYaml', Handle> {
  const cache = new Map<string, Published>()
  let stamp = catalog.stamp

  function published(scopes: readonly string[], format: keyof typeof formats): Published {
    if (catalog.stamp !== stamp || cache.size > cachedAtMost) cache.clear()
    stamp = catalog.stamp
    const key = `${format} ${[...scopes].sort().join(' ')}`
    const known = cache.get(key)
    if (known !== undefined) return known
    const bots = catalog.entries().map(({ bot }) => bot)
    const document = openApiDocument({ base, bots, serverUrl, allows: needed => allows(scopes, needed) })
    const text = formats[format].write(document)
    const made = { text, etag: `"${hash('sha256', text, 'base64url').slice(0, 22)}"` }
    cache.set(key, made)
    return made
  }

  function send(exchange: Exchange, format: keyof typeof formats): void {
    const { text, etag } = published(callerOf(exchange).scopes, format)
    const headers = { etag, 'cache-control': 'private, no-cache', vary: 'Authorization' }
    if (matches(exchange.headers['if-none-match'], etag)) exchange.response.writeHead(304, headers).end()
    else sendText(exchange.response, 200, text, { ...headers, 'content-type': formats[format].mediaType })
  }

  return { getOpenApiJson: exchange => send(exchange, 'json'), getOpenApiYaml: exchange => send(exchange, 'yaml') }
}

const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || header.split(',').some(one => one.trim().replace(/^W\//, '') === etag))
