/** MCP's tools, as `tools/list` answers them. What is annotated follows from the effect. */
import type { Action, Json, JsonObject } from '../core/types.ts'
import { looseProfile, type Provider } from './dialect.ts'
import { modelSchema } from './model-schema.ts'

/** What the server calls itself, and what the samples of README call it in a client's configuration. */
export const serverName = 'retrofit'

export const mcp: Provider = {
  title: 'MCP',
  hasStrict: false,
  profile: () => looseProfile,
  define: ({ action, description, parameters }) => ({
    name: action.name,
    title: action.title,
    description,
    inputSchema: parameters,
    ...outputOf(action),
    annotations: annotationsOf(action)
  }),
  list: definitions => definitions
}

/** Revisions before 2026-07-28 take an object only. */
function outputOf(action: Action): JsonObject {
  const output = modelSchema(action.output)
  return output.type === 'object' ? { outputSchema: published(output) as JsonObject } : {}
}

const annotationsOf = ({ title, effect, idempotency }: Action): JsonObject => ({
  title,
  readOnlyHint: effect === 'read',
  destructiveHint: effect === 'irreversible',
  idempotentHint: effect === 'read' || idempotency.key !== undefined
})

const ours: ReadonlySet<string> = new Set(['x-sensitive', 'x-session', 'xml', 'discriminator', 'externalDocs'])
const maps: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas'])

/** Without what concerns the target only. `x-untrusted` stays: a client should know what was scraped. */
function published(schema: Json, areNames = false): Json {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map(one => published(one))
  if (typeof schema !== 'object' || schema === null) return schema
  const kept = Object.entries(schema as JsonObject).filter(([keyword]) => areNames || !ours.has(keyword))
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, published(value, !areNames && maps.has(keyword))]))
}
