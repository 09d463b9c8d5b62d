/** Records that grant power (keys, bots) count only with the signature of this installation: whoever can write to the ledger is no admin by that. */

import type { Records } from '../core/ports.ts'
import type { Refusals } from '../core/refusals.ts'
import { isObject } from '../core/schema-at.ts'
import type { Signer } from '../core/signer.ts'
import type { Json } from '../core/types.ts'

export interface Signing {
  readonly signer: Signer
  readonly refuse: Refusals['refuse']
}

/** The kinds that versions before signatures have written. */
const olderKinds = ['key', 'bot', 'bot-version', 'bot-name'] as const

export interface UnsignedRecord {
  readonly kind: string
  readonly id: string
  readonly value: Json
}

/** Covers kind, id and value: a record can not be moved to another id. One whose signature is missing or wrong is absent. */
export function signedRecords(records: Records, { signer, refuse }: Signing): Records {
  const opened = (kind: string, id: string, stored: Json | undefined): Json | undefined => {
    if (stored === undefined || isSigned(signer, { kind, id, value: stored }))
      return (stored as { readonly value: Json } | undefined)?.value
    refuse('record', `the record ${kind} ${id} does not have the signature of this installation`)
    return undefined
  }
  return {
    get: async (kind, id) => opened(kind, id, await records.get(kind, id)),
    put: (kind, id, value) => records.put(kind, id, { value, signature: signer.sign('record', kind, id, JSON.stringify(value)) }),
    delete: (kind, id) => records.delete(kind, id),
    list: async kind =>
      (await records.list(kind)).flatMap(({ id, value: stored }) => {
        const value = opened(kind, id, stored)
        return value === undefined ? [] : [{ id, value }]
      }),
    stamp: kind => records.stamp(kind)
  }
}

const isSigned = (signer: Signer, { kind, id, value: stored }: UnsignedRecord): boolean =>
  isObject(stored) && stored.value !== undefined && signer.isSigned(stored.signature, 'record', kind, id, JSON.stringify(stored.value))

/** The records of a version before signatures. `records` are those of the ledger itself. */
export async function unsignedRecords(records: Records): Promise<readonly UnsignedRecord[]> {
  const found = await Promise.all(olderKinds.map(async kind => (await records.list(kind)).map(record => ({ kind, ...record }))))
  // Signed with another key is not unsigned.
  return found.flat().filter(({ value }) => !isObject(value) || value.signature === undefined)
}

/** `records` sign what is put there. */
export async function signAll(records: Records, unsigned: readonly UnsignedRecord[]): Promise<void> {
  for (const { kind, id, value } of unsigned) await records.put(kind, id, value)
}
