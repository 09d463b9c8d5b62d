/** The published OpenAPI document. */
import { stringify } from 'yaml'
import type { JsonObject } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { openApiDocument } from '../surface/openapi.ts'
import type { Exchange } from './exchange.ts'
import { createPublisher } from './publisher.ts'
import type { Handle } from './router.ts'

const formats = {
  json: { mediaType: 'application/json', write: (document: object) => JSON.stringify(document) },
  yaml: { mediaType: 'application/yaml', write: (document: object) => stringify(document, { aliasDuplicateObjects: false }) }
} as const

interface DocumentOptions {
  readonly base: JsonObject
  readonly catalog: Catalog
  readonly serverUrl: string
}

export function documentOperations({ base, catalog, serverUrl }: DocumentOptions): Record<'getOpenApiJson' | 'getOpenApiYaml', Handle> {
  const publish = createPublisher(catalog)

  function send(exchange: Exchange, format: keyof typeof formats): void {
    publish(exchange, format, scopes => {
      const bots = catalog.entries().map(({ bot }) => bot)
      const document = openApiDocument({ base, bots, serverUrl, allows: needed => allows(scopes, needed) })
      return { text: formats[format].write(document), mediaType: formats[format].mediaType }
    })
  }

  return { getOpenApiJson: exchange => send(exchange, 'json'), getOpenApiYaml: exchange => send(exchange, 'yaml') }
}
