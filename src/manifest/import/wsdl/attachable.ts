import type { JsonObject } from '../../../core/types.ts'
import type { Registry } from './registry.ts'

/** Bytes that may travel beside the envelope (MTOM): where the binding asks for it, or the file says what they hold. */
export function attachable(registry: Registry, schema: JsonObject, expected: string | undefined): JsonObject {
  const { contentEncoding, xml } = schema
  if (contentEncoding !== 'base64' || registry.encoded || (!registry.mtom && expected === undefined)) return schema
  const media = expected?.trim() ?? ''
  const one = /^[\w.+-]+\/[\w.+-]+$/.test(media) ? { contentMediaType: media } : {}
  return { ...schema, ...one, xml: { 'x-attachment': 'xop', ...(xml as JsonObject | undefined) } }
}
