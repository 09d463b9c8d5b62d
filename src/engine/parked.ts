/** Runs of which nobody knows the outcome: looked at again when a new version of their bot comes. */
import { keyOfRun } from '../core/bot-key.ts'
import { RetrofitError } from '../core/errors.ts'
import { isPoison } from '../core/lost-worker.ts'
import type { Store } from '../core/ports.ts'
import { wantLook } from '../core/run.ts'
import type { Run } from '../core/types.ts'
import { today } from './looking-version.ts'
import type { Parts } from './parts.ts'
import { publishAgain } from './publish.ts'

const kind = 'parked'

/** Before the run itself, so that none is missed: one that was not parked after all is dropped when it is looked at. */
export const indexParked = (store: Store): Store => ({
  ...store,
  async updateRun(next) {
    if (next.status === 'outcome_unknown' && next.endedAt === next.updatedAt) await store.records.put(kind, next.id, keyOfRun(next))
    return store.updateRun(next)
  }
})

const indexed = 'parked-indexed'

/** Those that a release parked which kept no index. */
async function indexOlder({ store }: Parts): Promise<void> {
  if ((await store.records.get(indexed, 'all')) !== undefined) return
  for (const id of await store.unknownRuns()) {
    const run = await store.getRun(id)
    if (run?.status === 'outcome_unknown') await store.records.put(kind, id, keyOfRun(run))
  }
  await store.records.put(indexed, 'all', true)
}

/** Each run once for each version, whoever asks and however often. */
async function lookAgainAtParked(parts: Parts): Promise<void> {
  await indexOlder(parts)
  for (const { id, value } of await parts.store.records.list(kind)) {
    const current = parts.catalog.current(String(value))
    if (current === undefined) continue
    const run = await parts.store.getRun(id)
    if (run?.status !== 'outcome_unknown') await parts.store.records.delete(kind, id)
    else if (isNew(run, current.digest)) await lookAgain(parts, run)
  }
}

/** One that was at work while the version changed is parked by the version before. */
async function lookAfterParking(parts: Parts, id: string): Promise<void> {
  const run = await parts.store.getRun(id)
  const current = run === undefined ? undefined : parts.catalog.current(keyOfRun(run))
  if (run?.status === 'outcome_unknown' && run.lease === undefined && current !== undefined && isNew(run, current.digest))
    await lookAgain(parts, run)
}

/** A run that workers die of waits for a person. */
const isNew = (run: Run, digest: string): boolean =>
  (run.probed?.botDigest ?? run.botDigest) !== digest && run.lookFor === undefined && !isPoison(run)

async function lookAgain(parts: Parts, run: Run): Promise<void> {
  try {
    const { bot } = await today(parts, run)
    const next = wantLook(run, { now: parts.store.now(), by: `version ${bot.version} of ${bot.name}` })
    if (await parts.store.updateRun(next)) publishAgain(parts, next)
  } catch (error) {
    if (!(error instanceof RetrofitError)) throw error
    parts.telemetry.log.warn({ runId: run.id }, `a parked run can not be looked at with the new version: ${error.message}`)
  }
}

/** One pass at a time; what changes meanwhile is another one. */
export function watchVersions(parts: Parts): () => void {
  let [working, again, stopped] = [false, false, false]
  const pass = async (): Promise<void> => {
    again = working
    if (working || stopped) return
    working = true
    await lookAgainAtParked(parts).catch(error => parts.telemetry.log.warn({ err: error }, 'could not look at the parked runs'))
    working = false
    if (again) await pass()
  }
  const warn = (error: unknown) => parts.telemetry.log.warn({ err: error }, 'could not look at a parked run')
  const unwatch = parts.store.watch(event => {
    if (event.type === 'status' && event.status === 'outcome_unknown' && !stopped) lookAfterParking(parts, event.runId).catch(warn)
  })
  const off = parts.catalog.onChange(() => void pass())
  void pass()
  return () => {
    stopped = true
    unwatch()
    off()
  }
}
