/** The limits that the settings give to each tenant, and to every manifest. */
import type { Settings } from './config.ts'
import type { EngineSettings } from './engine/parts.ts'
import type { Quotas } from './engine/quotas.ts'
import type { Ceilings } from './manifest/ceilings.ts'

/** 0 is no limit. */
const limit = (setting: number): number | undefined => (setting === 0 ? undefined : setting)

export const ceilingsOf = ({ MAX_RUN_MS, MAX_QUEUE_MS, MAX_KEPT_MS, MAX_ATTEMPTS }: Settings): Ceilings => ({
  runMs: MAX_RUN_MS,
  queueMs: MAX_QUEUE_MS,
  keptMs: MAX_KEPT_MS,
  attempts: MAX_ATTEMPTS
})

export const quotasOf = (settings: Settings): Quotas => ({
  sessions: limit(settings.TENANT_SESSIONS),
  waiting: limit(settings.TENANT_WAITING),
  storedBytes: limit(settings.TENANT_STORED_MIB * 1_048_576),
  streams: limit(settings.TENANT_STREAMS),
  screens: limit(settings.TENANT_SCREENS),
  working: limit(settings.TENANT_CONCURRENCY),
  bots: limit(settings.TENANT_BOTS),
  versions: limit(settings.BOT_VERSIONS)
})

export const engineSettingsOf = (settings: Settings): EngineSettings => ({
  worker: settings.processName,
  leaseMs: settings.LEASE_MS,
  sweepMs: settings.SWEEP_MS,
  quotas: quotasOf(settings),
  callbackOrigins: settings.CALLBACK_ORIGINS
})
