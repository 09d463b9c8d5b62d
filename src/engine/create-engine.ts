/** The engine behind the doors: every method checks who asks. */
import { RetrofitError } from '../core/errors.ts'
import { isRunId } from '../core/ids.ts'
import { mostLookedAt, type RunPage, type RunQuery } from '../core/ports.ts'
import type { Caller, Run } from '../core/types.ts'
import { allows } from '../governance/scopes.ts'
import { mask } from '../governance/sealer.ts'
import { answered } from './answered.ts'
import { planBatch, submitBatch } from './batch.ts'
import { createCallbacks } from './callbacks/create-callbacks.ts'
import { askProbe, cancel, resolve, retry } from './decide.ts'
import type { Callbacks, Engine, Sessions } from './engine.ts'
import type { Parts } from './parts.ts'
import { probeRecords } from './probe-records.ts'
import { createSessions } from './sessions.ts'
import { openStream } from './streams.ts'
import { plan, submit } from './submit.ts'

export interface EngineControls {
  /** From now on nothing is accepted: the process stops. */
  drain(): void
}

export function createEngine(parts: Parts): Engine & EngineControls {
  let draining = false
  const accepting = () => {
    if (draining) throw new RetrofitError('not_ready', { detail: 'This process stops.', retryAfterMs: 2_000 })
  }
  const find = (caller: Caller, runId: string) => answered(visible(parts, caller, runId))
  const shown = async (work: Promise<Run>) => present(parts, await answered(work))
  return {
    catalog: parts.catalog,
    sessions: answering(createSessions(parts)),
    callbacks: answeringCallbacks(createCallbacks(parts)),
    submit: async request => {
      accepting()
      const { run, outcome } = await submit(parts, request)
      return { run: await present(parts, run), outcome }
    },
    submitBatch: async request => {
      accepting()
      const answers = await submitBatch(parts, request)
      return Promise.all(
        answers.map(async one => (one instanceof RetrofitError ? one : { run: await present(parts, one.run), outcome: one.outcome }))
      )
    },
    planBatch: request => planBatch(parts, request),
    plan: request => plan(parts, request),
    wait: async (run, options) => {
      const later = await parts.hub.ended(run, options)
      return later === run ? run : present(parts, later)
    },
    find: (caller, runId) => shown(find(caller, runId)),
    list: (caller, query) => answered(list(parts, caller, query)),
    stream: caller => answered(openStream(parts, caller)),
    watch: (runId, listener) => parts.hub.on(runId, listener),
    artifact: async (caller, runId, name) => {
      const run = await find(caller, runId)
      const file = run.artifacts.some(artifact => artifact.name === name)
        ? await answered(parts.store.artifacts.get(runId, name))
        : undefined
      if (file === undefined) throw new RetrofitError('artifact_not_found', { detail: `Run ${runId} has no such artifact.`, runId })
      return file
    },
    cancel: async (caller, runId) => shown(cancel(parts, await find(caller, runId))),
    resolve: async (caller, runId, decision) => shown(resolve(parts, { caller, run: await find(caller, runId), decision })),
    probe: async (caller, runId, { waitMs }) => shown(askProbe(parts, { caller, run: await find(caller, runId), waitMs })),
    probes: () => answered(probeRecords(parts.store.records)),
    retry: async (caller, runId) => {
      accepting()
      return shown(retry(parts, caller, await find(caller, runId)))
    },
    ready: async () => {
      accepting()
      const problems = (await Promise.allSettled([parts.store.ready(), parts.queue.ready()])).filter(result => result.status === 'rejected')
      if (problems.length > 0)
        throw new RetrofitError('not_ready', {
          detail: problems.map(({ reason }) => String(reason?.message ?? reason)).join('; '),
          retryAfterMs: 2_000
        })
    },
    drain: () => {
      draining = true
    }
  }
}

const answering = (sessions: Sessions): Sessions => ({
  create: (...args) => answered(sessions.create(...args)),
  open: (...args) => answered(sessions.open(...args)),
  hasOpened: (...args) => answered(sessions.hasOpened(...args)),
  find: (...args) => answered(sessions.find(...args)),
  replace: (...args) => answered(sessions.replace(...args)),
  patch: (...args) => answered(sessions.patch(...args)),
  delete: (...args) => answered(sessions.delete(...args))
})

const answeringCallbacks = (callbacks: Callbacks): Callbacks => ({
  list: (...args) => answered(callbacks.list(...args)),
  find: (...args) => answered(callbacks.find(...args)),
  resend: (...args) => answered(callbacks.resend(...args))
})

/** Reads on until as many as wanted are visible, or as many as may be were looked at. */
async function list(parts: Parts, caller: Caller, { limit, most = mostLookedAt, ...query }: Omit<RunQuery, 'tenant'>): Promise<RunPage> {
  const runs: Run[] = []
  let [looked, next] = [0, query.before]
  do {
    const rest = { before: next, limit: limit - runs.length, most: most - looked }
    const page = await parts.store.listRuns({ ...query, ...rest, tenant: caller.tenant })
    for (const run of page.runs) if (await maySee(parts, caller, run)) runs.push(await present(parts, run))
    looked += page.looked
    next = page.next
  } while (next !== undefined && runs.length < limit && looked < most)
  return { runs, looked, next }
}

async function visible(parts: Parts, caller: Caller, runId: string): Promise<Run> {
  const run = isRunId(runId) ? await parts.store.getRun(runId) : undefined
  if (run === undefined || !(await maySee(parts, caller, run)))
    throw new RetrofitError('run_not_found', { detail: `There is no run ${runId.slice(0, 64)}.` })
  return run
}

/** A run is seen by its own tenant, by keys that may call its action or read all runs. */
async function maySee(parts: Parts, caller: Caller, run: Run): Promise<boolean> {
  if (run.tenant !== caller.tenant) return false
  if (allows(caller.scopes, ['runs:read'])) return true
  const action = await parts.catalog.actionOf(run)
  return action !== undefined && allows(caller.scopes, action.scopes)
}

/** As the caller may read it: the input masked, the output open. */
async function present(parts: Parts, run: Run): Promise<Run> {
  if (run.expired) return run
  const action = await parts.catalog.actionOf(run)
  if (action === undefined) return run
  const { output } = run
  return {
    ...run,
    input: mask(action.input, run.input),
    ...(output === undefined ? {} : { output: parts.sealer.open(action.output, output) })
  }
}
