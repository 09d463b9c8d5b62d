/** Event streams of a tenant, counted over all gateways. */
import type { Caller } from '../core/types.ts'
import type { Parts } from './parts.ts'
import { mostOf, overQuota } from './quotas.ts'
import { holdSlot } from './slot.ts'

const leaseMs = 30_000

/** Counts a stream until the answer is called. Throws quota_exceeded. */
export async function openStream(parts: Pick<Parts, 'store' | 'settings'>, { tenant }: Caller): Promise<() => void> {
  const release = await holdSlot(parts, { name: `streams/${tenant}`, limit: mostOf(parts.settings, 'streams'), leaseMs })
  if (release === undefined) throw overQuota(parts.settings, 'streams')
  return release
}
