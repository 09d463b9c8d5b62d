/** API keys: `rf_<id>_<secret>`, 260 random bits, of which only the SHA-256 is kept. */
import { hash, timingSafeEqual } from 'node:crypto'
import { RetrofitError } from '../core/errors.ts'
import { randomText } from '../core/ids.ts'
import type { Records } from '../core/ports.ts'
import type { Caller, Json } from '../core/types.ts'
import { whyNoAddresses } from './callback-addresses.ts'
import { createKeyChanges } from './key-changes.ts'
import { isScope } from './scopes.ts'
import { isTenant, operatorTenant } from './tenant.ts'

/** What the calls of a key may have called back. */
export interface KeyCallbacks {
  readonly addresses: readonly string[]
  /** Of the secret that signs. */
  readonly generation: number
  /** When the secret was replaced last: the one before signs beside it for a day. */
  readonly rotatedAt?: number | undefined
}

export interface KeyInfo {
  readonly id: string
  readonly name: string
  readonly tenant: string
  readonly scopes: readonly string[]
  readonly createdAt: number
  readonly expiresAt?: number
  /** Absent: nothing. */
  readonly callbacks?: KeyCallbacks | undefined
}

export interface NewKey {
  readonly name: string
  readonly tenant: string
  readonly scopes: readonly string[]
  readonly expiresAt?: number
  /** Addresses that its calls may have called back. */
  readonly callbacks?: readonly string[] | undefined
}

export interface KeyRing {
  /** The caller behind an Authorization header. A revoked key is refused here at once, by other processes within a second. */
  authenticate(authorization: string | undefined): Promise<Caller | undefined>
  /** The key is shown this once. */
  create(key: NewKey): Promise<{ readonly id: string; readonly key: string }>
  list(): Promise<readonly KeyInfo[]>
  /** Also one that has expired. */
  find(id: string): Promise<KeyInfo | undefined>
  /** Replaces its addresses, or the secret that signs. Undefined when there is no such key. */
  changeCallbacks(id: string, change: CallbackChange): Promise<KeyInfo | undefined>
  /** False when there was none. */
  revoke(id: string): Promise<boolean>
  /** Calls `listener` within a second after a key was made or revoked, by whichever process. Answers how to stop it. */
  onChange(listener: () => void): () => void
}

export interface CallbackChange {
  readonly addresses?: readonly string[] | undefined
  readonly rotate?: boolean | undefined
}

export interface KeyRingOptions {
  readonly records: Records
  /** Holds every scope in the tenant `default`. */
  readonly adminKey?: string | undefined
  readonly now?: () => number
}

interface StoredKey extends KeyInfo {
  readonly hash: string
}

interface Remembered {
  readonly until: number
  readonly caller: Promise<Caller | undefined>
}

const kind = 'key'
const rememberMs = 1_000
const rememberedLength = 10_000
const keyPattern = /^rf_([0-9a-z]{12})_[0-9a-z]{52}$/
const bearerPattern = /^Bearer +([\x21-\x7e]{1,512})$/i

const sha256 = (text: string): string => hash('sha256', text)
const same = (one: string, other: string): boolean => timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'))
const infoOf = ({ hash: _, ...info }: StoredKey): KeyInfo => info
const callerOf = ({ id, name, tenant, scopes, expiresAt, callbacks }: KeyInfo): Caller => ({
  tenant,
  subject: name,
  clientId: id,
  scopes,
  expiresAt,
  callbacks: callbacks?.addresses
})

export function createKeyRing({ records, adminKey, now = Date.now }: KeyRingOptions): KeyRing {
  const remembered = new Map<string, Remembered>()
  const adminHash = adminKey === undefined || adminKey === '' ? undefined : sha256(adminKey)
  const admin: Caller = { tenant: operatorTenant, subject: 'admin', clientId: 'admin', scopes: ['*'] }

  async function lookUp(id: string, digest: string): Promise<Caller | undefined> {
    const stored = (await read(records, id)) as StoredKey | undefined
    if (stored === undefined || !same(stored.hash, digest)) return undefined
    return stored.expiresAt !== undefined && stored.expiresAt <= now() ? undefined : callerOf(stored)
  }

  /** The hot path needs no look-up: an answer is remembered for a second, also the one that there is no such key. */
  function recall(id: string, digest: string): Promise<Caller | undefined> {
    const known = remembered.get(digest)
    if (known !== undefined && known.until > now()) return known.caller
    if (remembered.size >= rememberedLength) remembered.clear()
    const caller = lookUp(id, digest)
    caller.catch(() => remembered.delete(digest))
    remembered.set(digest, { until: now() + rememberMs, caller })
    return caller
  }

  const changes = createKeyChanges({ stamp: () => records.stamp(kind), forget: () => remembered.clear(), everyMs: rememberMs })

  return {
    onChange: changes.on,
    async authenticate(authorization) {
      const token = authorization === undefined ? undefined : bearerPattern.exec(authorization)?.[1]
      if (token === undefined) return undefined
      const digest = sha256(token)
      if (adminHash !== undefined && same(digest, adminHash)) return admin
      const id = keyPattern.exec(token)?.[1]
      return id === undefined ? undefined : recall(id, digest)
    },
    async create({ name, tenant, scopes, expiresAt, callbacks }) {
      checkNewKey({ name, tenant, scopes, callbacks })
      const id = randomText(12)
      const key = `rf_${id}_${randomText(52)}`
      const calls = callbacks === undefined ? {} : { callbacks: { addresses: callbacks, generation: 1 } }
      const info: KeyInfo = { id, name, tenant, scopes, createdAt: now(), ...(expiresAt === undefined ? {} : { expiresAt }), ...calls }
      const stored: StoredKey = { ...info, hash: sha256(key) }
      await records.put(kind, id, stored as unknown as Json)
      return { id, key }
    },
    async list() {
      const all = await records.list(kind)
      return all.map(({ value }) => infoOf(value as unknown as StoredKey)).sort((a, b) => a.createdAt - b.createdAt)
    },
    async find(id) {
      const stored = (await read(records, id)) as StoredKey | undefined
      return stored && infoOf(stored)
    },
    async changeCallbacks(id, change) {
      checkAddresses(change.addresses)
      const stored = (await read(records, id)) as StoredKey | undefined
      if (stored === undefined) return undefined
      const next = { ...stored, callbacks: changedCallbacks(stored.callbacks, change, now()) }
      await records.put(kind, id, next as unknown as Json)
      changes.tell()
      return infoOf(next)
    },
    async revoke(id) {
      const existed = await records.delete(kind, id)
      changes.tell()
      return existed
    }
  }
}

function changedCallbacks(before: KeyCallbacks | undefined, { addresses, rotate }: CallbackChange, now: number): KeyCallbacks {
  const { generation, rotatedAt } = before ?? { generation: 1 }
  const kept = addresses ?? before?.addresses ?? []
  if (!rotate) return { addresses: kept, generation, ...(rotatedAt === undefined ? {} : { rotatedAt }) }
  return { addresses: kept, generation: generation + 1, rotatedAt: now }
}

async function read(records: Records, id: string): Promise<Json | undefined> {
  try {
    return await records.get(kind, id)
  } catch (cause) {
    throw new RetrofitError('not_ready', { detail: 'The key can not be looked up now', cause })
  }
}

function checkAddresses(addresses: readonly string[] | undefined): void {
  const why = addresses === undefined ? undefined : whyNoAddresses(addresses)
  if (why !== undefined) throw new RetrofitError('invalid_request', { detail: why })
}

function checkNewKey({ name, tenant, scopes, callbacks }: NewKey): void {
  checkAddresses(callbacks)
  const bad = scopes.find(scope => !isScope(scope))
  const detail =
    bad !== undefined
      ? `${JSON.stringify(bad)} is not a scope; write accounts:read, accounts:* or *`
      : !isTenant(tenant)
        ? 'a tenant has 1 to 64 printable characters without spaces'
        : name.length < 1 || name.length > 100
          ? 'a name has 1 to 100 characters'
          : undefined
  if (detail !== undefined) throw new RetrofitError('invalid_request', { detail })
}
