/** The published OpenAPI document. */
import type { JsonObject } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { gptDocument } from '../surface/gpt-actions.ts'
import { openApiDocument } from '../surface/openapi.ts'
import { toOpenApi30 } from '../surface/openapi-30.ts'
import { writeYaml } from '../surface/write-yaml.ts'
import type { Exchange } from './exchange.ts'
import { namesHeader } from './names-header.ts'
import { createPublisher } from './publisher.ts'
import type { Handle } from './router.ts'

const formats = {
  json: { mediaType: 'application/json', write: (document: JsonObject) => JSON.stringify(document) },
  yaml: { mediaType: 'application/yaml', write: writeYaml }
} as const

interface DocumentOptions {
  readonly base: JsonObject
  readonly catalog: Catalog
  readonly serverUrl: string
}

export function documentOperations({ base, catalog, serverUrl }: DocumentOptions): Record<'getOpenApiJson' | 'getOpenApiYaml', Handle> {
  const publish = createPublisher(catalog)

  async function send(exchange: Exchange, format: keyof typeof formats): Promise<void> {
    const { version = '3.1', format: reader } = exchange.query
    await publish(exchange, `${format} ${version} ${reader}`, ({ scopes, tenant }) => {
      const bots = catalog.entries(tenant).map(({ bot }) => bot)
      const full = openApiDocument({ base, bots, serverUrl, allows: needed => allows(scopes, needed) })
      const { document, leftOut } = reader === 'gpt' ? gptDocument(full) : { document: full, leftOut: [] }
      return {
        text: formats[format].write(version === '3.0' ? toOpenApi30(document) : document),
        mediaType: formats[format].mediaType,
        ...(leftOut.length === 0 ? {} : { headers: { 'tools-left-out': namesHeader(leftOut) } })
      }
    })
  }

  return { getOpenApiJson: exchange => send(exchange, 'json'), getOpenApiYaml: exchange => send(exchange, 'yaml') }
}
