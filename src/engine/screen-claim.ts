/** One run at a time on the screen of a session: the next one is refused until that has ended. */
import { RetrofitError } from '../core/errors.ts'
import { hasEnded } from '../core/run.ts'
import { changed } from '../core/session.ts'
import type { Action, Session } from '../core/types.ts'
import type { Parts } from './parts.ts'

/** A claim whose run is not in the ledger: it was never written, when it is older than that. */
const unwrittenMs = 10_000

interface Claim {
  readonly action: Action
  readonly session?: string | undefined
}

/** Claims the screen for the run that is about to be written; otherwise why not: a known key still gets its run. */
export async function takeScreen(parts: Parts, { action, session: id }: Claim, runId: string): Promise<RetrofitError | undefined> {
  const { store } = parts
  while (action.session?.screen !== undefined && id !== undefined) {
    const session = await store.sessions.get(id)
    if (session === undefined) return new RetrofitError('session_not_found', { detail: `There is no session ${id}.` })
    if (await isBusy(parts, session)) {
      const detail = `Run ${session.busy?.runId} of this session has not ended.`
      return new RetrofitError('session_busy', { detail, ...(session.busy === undefined ? {} : { runId: session.busy.runId }) })
    }
    if (await store.sessions.put(changed(session, store.now(), { busy: { runId, at: store.now() } }))) return undefined
  }
  return undefined
}

async function isBusy({ store }: Parts, { busy }: Session): Promise<boolean> {
  if (busy === undefined) return false
  const run = await store.getRun(busy.runId)
  return run === undefined ? store.now() - busy.at < unwrittenMs : !hasEnded(run)
}

/** The run was not written after all. */
export async function leaveScreen({ store }: Parts, { action, session: id }: Claim, runId: string): Promise<void> {
  while (action.session?.screen !== undefined && id !== undefined) {
    const session = await store.sessions.get(id)
    if (session?.busy?.runId !== runId) return
    if (await store.sessions.put(changed(session, store.now(), { busy: undefined }))) return
  }
}
