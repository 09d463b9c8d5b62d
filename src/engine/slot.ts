/** A slot of the ledger that is held for a while. */
import { randomText } from '../core/ids.ts'
import type { Parts } from './parts.ts'

interface Wanted {
  readonly name: string
  readonly limit: number
  /** Should this process die, the slot is free after that. */
  readonly leaseMs: number
}

/** Holds a slot until the answer is called; undefined: none is free. */
export async function holdSlot(
  { store, settings }: Pick<Parts, 'store' | 'settings'>,
  { name, limit, leaseMs }: Wanted
): Promise<(() => void) | undefined> {
  if (!Number.isFinite(limit)) return () => undefined
  const slot = { name, holder: `${settings.worker}/${randomText(8)}` }
  const renew = () => store.acquireSlot({ ...slot, limit, untilMs: store.now() + leaseMs })
  if (!(await renew())) return undefined
  // A renewal that fails takes nothing away: the next one comes before the lease is over.
  const heartbeat = setInterval(() => void renew().catch(() => undefined), leaseMs / 3)
  return () => {
    clearInterval(heartbeat)
    store.releaseSlot(slot).catch(() => undefined)
  }
}
