/** Keeps values marked `x-sensitive` unreadable in ledger and queue: AES-256-GCM at rest, HMAC for fingerprints. */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, hkdfSync, type KeyObject, randomFillSync } from 'node:crypto'
import { isObject } from '../core/schema-at.ts'
import type { Json, JsonObject, JsonSchema } from '../core/types.ts'
import { replaceSensitive } from './sensitive.ts'

export interface Sealer {
  /** Marked parts become `{ "$sealed": "…" }`; of several the first holds all, and the others say which one of them they are. */
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
    seal: (schema, value) => {
      const parts: Json[] = []
      const first: JsonObject = {}
      const numbered = replaceSensitive(schema, value, part => (parts.push(part) === 1 ? first : { $sealed: parts.length - 1 }))
      if (parts.length > 0)
        Object.assign(
          first,
          sealOf(parts, text => sealed(sealKey, text, own))
        )
      return numbered
    },
    open: (schema, value) => {
      let parts: readonly Json[] = []
      return replaceSensitive(schema, value, place => {
        if (!isSeal(place)) return place
        const { $sealed, of } = place
        if (typeof $sealed === 'number') return partOf(parts, $sealed)
        const text = own.get($sealed) ?? deciphered(sealKey, $sealed)
        if (of === undefined) return JSON.parse(text)
        parts = JSON.parse(text)
        return partOf(parts, 0)
      })
    },
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

interface Seal {
  /** A sealed text, or which of the parts of the text before it stands here. */
  readonly $sealed: string | number
  /** How many parts the text holds, when it is more than one. */
  readonly of?: number
}

const isSeal = (value: Json): value is Json & Seal =>
  isObject(value) && (typeof value.$sealed === 'string' || typeof value.$sealed === 'number')

/** One cipher for all: setting one up costs more than what it then does with a row. */
function sealOf(parts: readonly Json[], cipher: (text: string) => string): JsonObject {
  return parts.length === 1 ? { $sealed: cipher(JSON.stringify(parts[0])) } : { $sealed: cipher(JSON.stringify(parts)), of: parts.length }
}

function partOf(parts: readonly Json[], index: number): Json {
  const part = parts[index]
  if (part === undefined) throw new Error(`a sealed value has lost its part ${index}`)
  return part
}

function sealed(key: KeyObject, text: string, own: Own): string {
  const iv = newIv()
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const body = cipher.update(text, 'utf8')
  // In this mode it adds nothing.
  cipher.final()
  const seal = Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')
  remember(own, seal, text)
  return seal
}

function deciphered(key: KeyObject, seal: string): string {
  const bytes = Buffer.from(seal, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
