/** Ids: sortable by time, short, and telling the partition of their tenant so that a Redis Cluster can place them. */
import { createHash, randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const partitions = 64

function encode(value: number, length: number): string {
  let rest = value
  let text = ''
  for (let i = 0; i < length; i++) {
    text = alphabet.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** Random bytes are fetched in bulk: each call of the generator costs microseconds. */
let pool = Buffer.alloc(0)
let used = 0

function nextByte(): number {
  if (used === pool.length) {
    pool = randomBytes(4_096)
    used = 0
  }
  return pool[used++] ?? 0
}

/** `length` characters of 5 random bits each, in Crockford's base 32. */
export function randomText(length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += alphabet.charAt(nextByte() & 31)
  return text
}

/** `bytes` random bytes as hexadecimal digits. */
export function randomHex(bytes: number): string {
  let text = ''
  for (let i = 0; i < bytes; i++) text += nextByte().toString(16).padStart(2, '0')
  return text
}

const partitionCache = new Map<string, string>()

/** The partition of a tenant: two characters, 64 of them. */
export function partitionOfTenant(tenant: string): string {
  let partition = partitionCache.get(tenant)
  if (partition === undefined) {
    partition = encode(createHash('sha256').update(tenant).digest().readUInt16BE(0) % partitions, 2)
    if (partitionCache.size < 10_000) partitionCache.set(tenant, partition)
  }
  return partition
}

export const allPartitions: readonly string[] = Array.from({ length: partitions }, (_, index) => encode(index, 2))

/** `run_` + 9 characters of time + 10 random ones + the tenant's partition. Sorts by time. */
export function newRunId(tenant: string, now: number): string {
  return `run_${encode(now, 9)}${randomText(10)}${partitionOfTenant(tenant)}`
}

const runIdPattern = /^run_[0-9a-hjkmnp-tv-z]{21}$/

export const isRunId = (text: string): boolean => runIdPattern.test(text)

export const partitionOfRun = (runId: string): string => runId.slice(-2)

/** `ses_` + 16 random characters: short, because models repeat it. It is bound to its caller, so it is no secret. */
export const newSessionId = (): string => `ses_${randomText(16)}`

const sessionIdPattern = /^ses_[0-9a-hjkmnp-tv-z]{16}$/

export const isSessionId = (text: string): boolean => sessionIdPattern.test(text)

/** What an action writes into the target's memo or reference field: 12 characters, 50 random bits. */
export const newReference = (): string => `RF${randomText(10).toUpperCase()}`
