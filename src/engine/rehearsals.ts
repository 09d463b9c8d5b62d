/**
 * A probe that nobody has tried is found to be wrong when it is needed. So the first commit of each version, for each tenant, is looked
 * at by it: off the way of its caller, once over all processes.
 */
import { botKey } from '../core/bot-key.ts'
import { noteSight } from '../core/run.ts'
import type { Action, Bot, Run } from '../core/types.ts'
import { compare } from './compare.ts'
import { change } from './decide.ts'
import { today } from './looking-version.ts'
import type { Parts } from './parts.ts'
import { placesOf } from './places.ts'
import { keepProbeRecord, type ProbeOf, probeIdOf, probeRecord } from './probe-records.ts'

export interface Rehearsals {
  /** To be told of every run that a worker has completed. */
  committed(of: { readonly bot: Bot; readonly action: Action; readonly run: Run }): void
  /** Compares at once, writes what came of it, and answers the run with it. */
  look(run: Run): Promise<Run | undefined>
  close(): Promise<void>
}

/** One that could not look is tried again with a later commit. */
const againMs = 60_000

export function createRehearsals(parts: Parts): Rehearsals {
  const { store, telemetry } = parts
  const [known, working, shutdown] = [new Set<string>(), new Set<Promise<void>>(), new AbortController()]

  async function rehearse(of: ProbeOf, action: Action, run: Run): Promise<boolean> {
    const before = await probeRecord(store.records, of)
    if (before !== undefined && (before.seen !== 'unclear' || before.at > store.now() - againMs)) return before.seen !== 'unclear'
    const slot = { name: `probe ${probeIdOf(of)}`, holder: run.id }
    const untilMs = store.now() + action.settleMs + 2 * action.timeouts.runMs + againMs
    if (!(await store.acquireSlot({ ...slot, limit: 1, untilMs }))) return false
    try {
      const looked = await lookAt(run)
      return looked !== undefined && looked.probed?.seen !== 'unclear'
    } finally {
      await store.releaseSlot(slot)
    }
  }

  /** Undefined: not now. */
  async function lookAt(run: Run): Promise<Run | undefined> {
    const by = await today(parts, run)
    // Before that the effect may be on its way still.
    await pause(Math.max(0, (run.endedAt ?? 0) + by.action.settleMs - store.now()), shutdown.signal)
    const key = botKey(by.bot.name, by.bot.tenant)
    const limit = by.bot.target.concurrency
    const until = store.now() + by.action.timeouts.queueMs
    const place = limit === undefined ? undefined : await placesOf(parts, key).take({ limit, until, shutdown: shutdown.signal })
    if (limit !== undefined && place === undefined) return undefined
    try {
      const sight = await compare(parts, run, { by, shutdown: shutdown.signal })
      if (shutdown.signal.aborted) return undefined
      await keepProbeRecord(store.records, { bot: by.bot, action: run.action, tenant: run.tenant }, { ...sight, runId: run.id })
      const about = { runId: run.id, action: run.action, bot: key, digest: by.bot.digest }
      if (sight.agrees === false)
        telemetry.log.warn(about, `the probe of ${run.action} is wrong, mend it before it is needed: ${sight.detail}`)
      const unasked = sight.agrees !== false && run.lookFor === undefined
      return unasked ? { ...run, probed: sight } : await change(parts, run, (at, now) => noteSight(at, sight, now))
    } finally {
      await place?.release()
    }
  }

  function track(work: Promise<unknown>, run: Run): void {
    const tracked = work
      .catch(error => {
        if (!shutdown.signal.aborted) telemetry.log.warn({ runId: run.id, err: error }, 'the probe could not be tried')
      })
      .then(() => void working.delete(tracked))
    working.add(tracked)
  }

  return {
    committed({ bot, action, run }) {
      if (action.probe === undefined || run.status !== 'completed' || run.effect !== 'committed' || shutdown.signal.aborted) return
      const of = { bot, action: action.name, tenant: run.tenant }
      const id = probeIdOf(of)
      if (known.has(id)) return
      known.add(id)
      const work = rehearse(of, action, run).then(isOver => isOver || known.delete(id))
      track(
        work.catch(error => {
          known.delete(id)
          throw error
        }),
        run
      )
    },
    look: lookAt,
    async close() {
      shutdown.abort()
      await Promise.all(working)
    }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(new Error('the worker stops'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    timer.unref?.()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
