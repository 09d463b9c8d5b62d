import type { Run } from '../core/types.ts'
import type { Parts } from './parts.ts'
import { goOnLater } from './publish.ts'
import { mostOf } from './quotas.ts'
import { holdSlot } from './slot.ts'

/** How soon a run is tried again whose tenant has as many at work as it may. */
const turnMs = 250

/** Counts a run of its tenant that works until the answer is called. Undefined: as many do as may; it is tried again, and keeps no place from others meanwhile. */
export async function tenantTurn(parts: Parts, run: Run): Promise<(() => void) | undefined> {
  const { settings, store } = parts
  const wanted = { name: `working/${run.tenant}`, limit: mostOf(settings, 'working'), leaseMs: settings.leaseMs }
  const turnOver = await holdSlot(parts, wanted)
  if (turnOver === undefined) goOnLater(parts, { ...run, notBefore: store.now() + turnMs * (0.75 + Math.random() / 2) })
  return turnOver
}
