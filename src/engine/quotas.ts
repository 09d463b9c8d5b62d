/** The limits of one tenant, and the refusal of more. */
import { RetrofitError } from '../core/errors.ts'
import type { Quota } from '../core/types.ts'
import type { EngineSettings } from './parts.ts'

/** Absent: no limit. */
export interface Quotas {
  /** That live at once. */
  readonly sessions?: number | undefined
  /** Runs that wait, over all bots. */
  readonly waiting?: number | undefined
  /** Rows of runs and their files. */
  readonly storedBytes?: number | undefined
  /** That are open at once, over all gateways. */
  readonly streams?: number | undefined
  /** That its sessions have pinned at once, over all bots and workers. */
  readonly screens?: number | undefined
  /** That are registered over HTTP. */
  readonly bots?: number | undefined
  /** Versions of one registered bot: the newest, and those that runs need. */
  readonly versions?: number | undefined
  /** Runs at once, over all bots and workers; more of them wait. */
  readonly working?: number | undefined
}

interface Kind {
  /** As problems name it. */
  readonly name: string
  readonly what: string
  readonly hint: string
  readonly retryAfterMs: number
}

const kinds: Readonly<Record<Exclude<keyof Quotas, 'working'>, Kind>> = {
  sessions: {
    name: 'sessions',
    what: 'sessions',
    hint: 'Delete sessions that are not needed, or wait until some expire.',
    retryAfterMs: 60_000
  },
  waiting: {
    name: 'waiting_runs',
    what: 'runs that wait',
    hint: 'Nothing was accepted. Wait as long as Retry-After says, then send the same call with the same key.',
    retryAfterMs: 5_000
  },
  storedBytes: {
    name: 'stored_bytes',
    what: 'bytes of runs and files',
    hint: 'Nothing was accepted. Wait until finished runs expire, or ask the operator for more room.',
    retryAfterMs: 600_000
  },
  streams: {
    name: 'event_streams',
    what: 'open event streams',
    hint: 'Close streams that are not needed, or ask for the run with ?wait= instead.',
    retryAfterMs: 5_000
  },
  screens: {
    name: 'screens',
    what: 'pinned screens',
    hint: 'Finish wizards and end sessions that are not needed, then call again.',
    retryAfterMs: 30_000
  },
  versions: {
    name: 'bot_versions',
    what: 'versions of this bot that are new or that runs need',
    hint: 'Wait until ten minutes after the newest ones and until runs on old ones have expired, or ask the operator for more.',
    retryAfterMs: 600_000
  },
  bots: {
    name: 'bots',
    what: 'registered bots',
    hint: 'Delete bots that are not needed, or ask the operator for more.',
    retryAfterMs: 60_000
  }
}

type Settings = Pick<EngineSettings, 'quotas'>

export const mostOf = ({ quotas }: Settings, name: keyof Quotas): number => quotas?.[name] ?? Number.POSITIVE_INFINITY

/** `used`: where it is not known, as much as is allowed. */
export function overQuota(settings: Settings, of: keyof typeof kinds, used?: number): RetrofitError {
  const { name, what, hint, retryAfterMs } = kinds[of]
  const allowed = mostOf(settings, of)
  const quota: Quota = { name, used: used ?? allowed, allowed }
  return new RetrofitError('quota_exceeded', {
    detail: `The tenant has ${quota.used} ${what}, of ${allowed} that it may have.`,
    quota,
    hint,
    retryAfterMs
  })
}
