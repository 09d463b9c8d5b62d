/** Bots whose newest manifest has mistakes, so that it is not served: what a call of one of their actions is told. */
import type { ManifestIssue } from '../core/manifest-issue.ts'
import type { Caller } from '../core/types.ts'
import { allows } from '../governance/scopes.ts'
import { operatorTenant } from '../governance/tenant.ts'

export interface BrokenBot {
  readonly name: string
  /** Absent: it comes from the bots folder. */
  readonly tenant?: string | undefined
  /** Errors only. */
  readonly issues: readonly ManifestIssue[]
}

export interface BrokenBots {
  /** Without errors it is broken no more. */
  note(bot: BrokenBot): void
  /** Registered ones alone. */
  forgetRegistered(): void
  /** Those of files and of the tenant. */
  seenBy(tenant: string): readonly BrokenBot[]
}

export function createBrokenBots(): BrokenBots {
  const all = new Map<string, BrokenBot>()
  return {
    note({ name, tenant, issues }) {
      const key = JSON.stringify([name, tenant ?? null])
      const errors = issues.filter(({ severity }) => severity === 'error')
      if (errors.length === 0) all.delete(key)
      else all.set(key, { name, tenant, issues: errors })
    },
    forgetRegistered() {
      for (const [key, { tenant }] of all) if (tenant !== undefined) all.delete(key)
    },
    seenBy: tenant => [...all.values()].filter(bot => bot.tenant === undefined || bot.tenant === tenant)
  }
}

/** The manifest is for those who may replace it. */
export const mayKnow = ({ tenant }: BrokenBot, caller: Caller): boolean =>
  allows(caller.scopes, ['bots:write']) && (tenant ?? operatorTenant) === caller.tenant
