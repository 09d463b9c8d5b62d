/**
 * A bot's queue holds the oldest few of each tenant's waiting runs; the others wait in the ledger until those before them are gone. So
 * nobody stands behind all that somebody else has sent.
 */
import { keyOfRun } from '../core/bot-key.ts'
import type { Bot, Run } from '../core/types.ts'
import type { Parts } from './parts.ts'
import { publish } from './publish.ts'

/** Enough to keep a quick target busy while the next are told. */
const most = 32

/** How many of one tenant's runs are in the queue at once. */
export const windowOf = (bot: Pick<Bot, 'target'> | undefined): number => Math.min(most, 2 * (bot?.target.concurrency ?? most))

const windowOfRun = ({ catalog }: Parts, run: Run): number => windowOf(catalog.current(keyOfRun(run)))

/** Whether it is urgent, among the first, or older than any that stand in line: from before there was one. */
export async function isInWindow(parts: Parts, run: Run): Promise<boolean> {
  if (run.priority === 'high') return true
  const window = windowOfRun(parts, run)
  const oldest = await parts.store.firstInLine({ tenant: run.tenant, bot: run.bot, window })
  return oldest.length < window || oldest.includes(run.id) || oldest.every(id => run.id < id)
}

/** A run has left the line: the queue is told of those that move up. Nobody waits for this, and the sweep makes up for what is lost. */
export function moveUp(parts: Parts, left: Run): void {
  nextAfter(parts, left).catch(error => parts.telemetry.log.warn({ err: error, bot: left.bot }, 'the next run in line has to wait'))
}

async function nextAfter(parts: Parts, left: Run): Promise<void> {
  const { tenant, bot } = left
  for (const id of await parts.store.nextInLine({ tenant, bot, window: windowOfRun(parts, left) })) {
    const next = await parts.store.getRun(id)
    if (next?.status === 'queued' && next.attempt === 0) publish(parts, next)
  }
}
