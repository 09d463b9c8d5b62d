/** The published OpenAPI document. */
import type { Action, Bot, JsonObject } from '../core/types.ts'
import type { Catalog } from '../engine/engine.ts'
import { allows } from '../governance/scopes.ts'
import { gptDocument } from '../surface/gpt-actions.ts'
import { isolated } from '../surface/isolate.ts'
import { openApiDocument } from '../surface/openapi.ts'
import { toOpenApi30 } from '../surface/openapi-30.ts'
import { writeYaml } from '../surface/write-yaml.ts'
import type { Exchange } from './exchange.ts'
import type { TellLeftOut } from './left-out.ts'
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
  readonly tellLeftOut: TellLeftOut
}

export function documentOperations({
  base,
  catalog,
  serverUrl,
  tellLeftOut
}: DocumentOptions): Record<'getOpenApiJson' | 'getOpenApiYaml', Handle> {
  const publish = createPublisher(catalog)

  async function send(exchange: Exchange, format: keyof typeof formats): Promise<void> {
    const { version = '3.1', format: reader } = exchange.query
    await publish(exchange, `${format} ${version} ${reader}`, ({ scopes, tenant }) => {
      const bots = catalog.entries(tenant).map(({ bot }) => bot)
      const actions = bots.flatMap(bot => bot.actions).filter(action => allows(scopes, action.scopes))
      const { made, broken } = isolated(actions, kept => {
        const full = openApiDocument({ base, bots: withOnly(bots, kept), serverUrl, allows: needed => allows(scopes, needed) })
        const { document, leftOut } = reader === 'gpt' ? gptDocument(full) : { document: full, leftOut: [] }
        return { text: formats[format].write(version === '3.0' ? toOpenApi30(document) : document), leftOut }
      })
      for (const { action, reason } of broken) tellLeftOut(action, `/openapi.${format} ${version}`, reason)
      const missing = [...broken.map(({ action }) => action.name), ...made.leftOut]
      return {
        text: made.text,
        mediaType: formats[format].mediaType,
        ...(missing.length === 0 ? {} : { headers: { 'tools-left-out': namesHeader(missing) } })
      }
    })
  }

  return { getOpenApiJson: exchange => send(exchange, 'json'), getOpenApiYaml: exchange => send(exchange, 'yaml') }
}

const withOnly = (bots: readonly Bot[], kept: readonly Action[]): readonly Bot[] => {
  const wanted = new Set(kept)
  return bots.map(bot => ({ ...bot, actions: bot.actions.filter(action => wanted.has(action)) }))
}
