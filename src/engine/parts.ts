import type { Adapter } from '../core/adapter.ts'
import type { Queue, Store } from '../core/ports.ts'
import type { Run } from '../core/types.ts'
import type { Sealer } from '../governance/sealer.ts'
import type { Secrets } from '../governance/secrets.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Breakers } from './breakers.ts'
import type { Catalog } from './engine.ts'
import type { Hub } from './hub.ts'
import type { Quotas } from './quotas.ts'
import type { Rehearsals } from './rehearsals.ts'
import type { Screens } from './screens.ts'

export interface EngineSettings {
  /** Names this process in leases, before the name of the claim. */
  readonly worker: string
  /** A run whose worker is silent this long is taken over. */
  readonly leaseMs: number
  readonly sweepMs: number
  /** The most that each tenant may use. */
  readonly quotas?: Quotas | undefined
  /** Origins on private networks that callbacks may reach beside public addresses. */
  readonly callbackOrigins?: readonly string[] | undefined
}

/** The parts of the engine; `main.ts` chooses the drivers. */
export interface Parts {
  readonly store: Store
  readonly queue: Queue
  readonly catalog: Catalog
  readonly adapters: Readonly<Record<string, Adapter>>
  readonly sealer: Sealer
  readonly secrets: Secrets
  readonly telemetry: Telemetry
  readonly hub: Hub
  readonly breakers: Breakers
  readonly settings: EngineSettings
  /** A worker's own. */
  readonly screens?: Screens
  /** A worker's own: tries probes before they are needed. */
  readonly rehearsals?: Rehearsals
  /** A worker's own: goes on with the run at its `notBefore`, past the line of those that wait for their first attempt. */
  readonly later?: (run: Run) => void
}
