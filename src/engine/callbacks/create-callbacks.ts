/** What callers see of their callbacks, and the wish to have one sent again. */
import { armed, type Callback, callbackIdOf, parseCallbackId } from '../../core/callback.ts'
import { RetrofitError } from '../../core/errors.ts'
import { mostLookedAt } from '../../core/ports.ts'
import { hasEnded, withCallbacks } from '../../core/run.ts'
import type { Caller, Run } from '../../core/types.ts'
import { allows } from '../../governance/scopes.ts'
import type { CallbackQuery, Callbacks, SeenCallback } from '../engine.ts'
import type { Parts } from '../parts.ts'

export function createCallbacks(parts: Parts): Callbacks {
  return {
    list: (caller, query) => list(parts, caller, query),
    find: (caller, id) => find(parts, caller, { id, scope: 'runs:read' }),
    resend: (caller, id) => resend(parts, caller, id)
  }
}

/** Its own, and with the scope everybody's of its tenant. */
const mayUse = (caller: Caller, { run, callback }: SeenCallback, scope: string): boolean =>
  run.tenant === caller.tenant && (callback.clientId === caller.clientId || allows(caller.scopes, [scope]))

async function list({ store }: Parts, caller: Caller, { state, limit, before }: CallbackQuery): ReturnType<Callbacks['list']> {
  const found: SeenCallback[] = []
  let [looked, runs, next] = [0, 0, before]
  do {
    const page = await store.listRuns({
      tenant: caller.tenant,
      calledBack: true,
      before: next,
      limit: limit - runs,
      most: mostLookedAt - looked
    })
    for (const run of page.runs) {
      const seen = (run.callbacks ?? []).map(callback => ({ run, callback }))
      const wanted = seen.filter(one => mayUse(caller, one, 'runs:read') && (state ?? one.callback.state) === one.callback.state)
      found.push(...wanted)
      if (wanted.length > 0) runs++
    }
    looked += page.looked
    next = page.next
  } while (next !== undefined && runs < limit && looked < mostLookedAt)
  return { callbacks: found, next }
}

async function find(
  { store }: Parts,
  caller: Caller,
  { id, scope }: { readonly id: string; readonly scope: string }
): Promise<SeenCallback> {
  const { runId, number } = parseCallbackId(id) ?? { runId: undefined, number: 0 }
  const run = runId === undefined ? undefined : await store.getRun(runId)
  const callback = run?.callbacks?.find(one => one.number === number)
  if (run === undefined || callback === undefined || !mayUse(caller, { run, callback }, 'runs:read'))
    throw new RetrofitError('callback_not_found', { detail: `There is no callback ${id.slice(0, 64)}.` })
  if (!mayUse(caller, { run, callback }, scope))
    throw new RetrofitError('insufficient_scope', { detail: `The callbacks of other keys need the scope ${scope}.` })
  return { run, callback }
}

async function resend(parts: Parts, caller: Caller, id: string): Promise<SeenCallback> {
  for (;;) {
    const { run, callback } = await find(parts, caller, { id, scope: 'runs:write' })
    checkSendable(run, callback)
    const now = parts.store.now()
    const [again = callback] = armed([callback], now) ?? []
    // What was tried before stays to be seen.
    const due = { ...again, log: callback.log }
    const callbacks = (run.callbacks ?? []).map(one => (one.number === due.number ? due : one))
    const next = withCallbacks(run, callbacks, { now })
    if (!(await parts.store.updateRun(next))) continue
    parts.telemetry.log.info({ runId: run.id, by: caller.subject, callbackId: id }, 'a callback is sent again')
    return { run: next, callback: due }
  }
}

function checkSendable(run: Run, callback: Callback): void {
  const why = !hasEnded(run)
    ? `Run ${run.id} has not ended.`
    : run.expired || callback.to === undefined
      ? `The record of run ${run.id} has expired.`
      : ''
  if (why !== '')
    throw new RetrofitError('callback_not_sendable', {
      detail: `${callbackIdOf(run.id, callback.number)}: ${why}`,
      effect: run.effect,
      runId: run.id
    })
}
