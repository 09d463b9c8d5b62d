/** Keeps values marked `x-sensitive` unreadable in ledger and queue: AES-256-GCM at rest, HMAC for fingerprints. */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Json, JsonSchema } from '../core/types.ts'
import { replaceSensitive } from './sensitive.ts'

export interface Sealer {
  /** Marked values become `{ "$sealed": "…" }`. */
  seal(schema: JsonSchema, value: Json): Json
  open(schema: JsonSchema, value: Json): Json
  /** A keyed hash: equal texts are recognised, short ones can not be guessed from it. */
  fingerprint(text: string): string
}

export const masked = '•••'

/** `secret` is any text of at least 32 characters; all gateways and workers share it. */
export function createSealer(secret: string): Sealer {
  // As KeyObjects: with a Buffer each use of the key costs five times as much (measured, Node 24).
  const derive = (purpose: string) => createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `retrofit ${purpose}`, 32)))
  const sealKey = derive('seal')
  const hashKey = derive('fingerprint')
  return {
    seal: (schema, value) => replaceSensitive(schema, value, part => sealed(sealKey, part)),
    open: (schema, value) => replaceSensitive(schema, value, part => opened(sealKey, part)),
    fingerprint: text => createHmac('sha256', hashKey).update(text).digest('base64url')
  }
}

/** The value for people and models: marked parts are dots. */
export const mask = (schema: JsonSchema, value: Json): Json => replaceSensitive(schema, value, () => masked)

export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

function sealed(key: KeyObject, value: Json): Json {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
  return { $sealed: Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url') }
}

function opened(key: KeyObject, value: Json): Json {
  const text = value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as { $sealed?: Json }).$sealed : undefined
  if (typeof text !== 'string') return value
  const bytes = Buffer.from(text, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8'))
}
