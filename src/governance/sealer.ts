/** Keeps values marked `x-sensitive` unreadable in ledger and queue: AES-256-GCM at rest, HMAC for fingerprints. */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, hkdfSync, type KeyObject, randomFillSync } from 'node:crypto'
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
  const own: Own = new Map()
  return {
    seal: (schema, value) => replaceSensitive(schema, value, part => sealed(sealKey, part, own)),
    open: (schema, value) => replaceSensitive(schema, value, part => opened(sealKey, part, own)),
    fingerprint: text => createHmac('sha256', hashKey).update(text).digest('base64url')
  }
}

/** The value for people and models: marked parts are dots. */
export const mask = (schema: JsonSchema, value: Json): Json => replaceSensitive(schema, value, () => masked)

export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** What this process sealed last, by seal, in memory alone: its own gateway or worker reads most of it again at once. */
type Own = Map<string, string>
const mostOwn = 1_000
const longestOwn = 2_000

function remember(own: Own, seal: string, text: string): void {
  if (text.length > longestOwn) return
  own.set(seal, text)
  const [oldest] = own.size > mostOwn ? own.keys() : []
  if (oldest !== undefined) own.delete(oldest)
}

const ivBytes = 12
/** Random bytes for many seals at once: asking for twelve costs as much as asking for a pool of them. */
const pool = Buffer.alloc(ivBytes * 256)
let used = pool.length

function newIv(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += ivBytes
  return pool.subarray(used - ivBytes, used)
}

function sealed(key: KeyObject, value: Json, own: Own): Json {
  const iv = newIv()
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const text = JSON.stringify(value)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  const seal = Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
  remember(own, seal, text)
  return { $sealed: seal }
}

function opened(key: KeyObject, value: Json, own: Own): Json {
  const seal = value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as { $sealed?: Json }).$sealed : undefined
  if (typeof seal !== 'string') return value
  return JSON.parse(own.get(seal) ?? deciphered(key, seal))
}

function deciphered(key: KeyObject, seal: string): string {
  const bytes = Buffer.from(seal, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
