/** Keeps for each action, tenant and version what became of its probe: whether it was tried on a run that is committed, and agreed. */
import { botKey } from '../core/bot-key.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { Records } from '../core/ports.ts'
import type { ProbeSight } from '../core/probe-sight.ts'
import type { Bot, Json } from '../core/types.ts'

const kind = 'probe'

export interface ProbeRecord extends Omit<ProbeSight, 'extracted'> {
  readonly runId: string
  /** `botKey`. */
  readonly bot: string
  readonly tenant: string
  readonly action: string
}

export interface ProbeOf {
  readonly bot: Bot
  readonly action: string
  readonly tenant: string
}

export const probeIdOf = ({ bot, action, tenant }: ProbeOf): string =>
  canonicalJson([botKey(bot.name, bot.tenant), bot.digest, action, tenant])

export async function probeRecord(records: Records, of: ProbeOf): Promise<ProbeRecord | undefined> {
  return (await records.get(kind, probeIdOf(of))) as ProbeRecord | undefined
}

/** Those of versions before it go: nobody asks for them any more. */
export async function keepProbeRecord(records: Records, of: ProbeOf, sight: ProbeSight & { readonly runId: string }): Promise<void> {
  const { extracted: _, ...kept } = sight
  const record = { ...kept, bot: botKey(of.bot.name, of.bot.tenant), tenant: of.tenant, action: of.action }
  for (const { id, value } of await allOf(records)) if (isBefore(value, record)) await records.delete(kind, id)
  await records.put(kind, probeIdOf(of), JSON.parse(JSON.stringify(record)) as Json)
}

const isBefore = (one: ProbeRecord, now: ProbeRecord): boolean =>
  one.bot === now.bot && one.tenant === now.tenant && one.action === now.action && one.at < now.at && one.botDigest !== now.botDigest

async function allOf(records: Records): Promise<readonly { readonly id: string; readonly value: ProbeRecord }[]> {
  return (await records.list(kind)) as unknown as readonly { readonly id: string; readonly value: ProbeRecord }[]
}

/** Those of all tenants, by id. */
export async function probeRecords(records: Records): Promise<ReadonlyMap<string, ProbeRecord>> {
  return new Map((await allOf(records)).map(({ id, value }) => [id, value]))
}
