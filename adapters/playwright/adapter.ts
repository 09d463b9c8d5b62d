/** Drives web screens with Playwright, on pages that are kept warm. */
import {
  type Adapter,
  type Call,
  defineAdapter,
  isTrue,
  type Json,
  type ProbeResult,
  RetrofitError,
  type Template
} from '../../src/index.ts'
import { BrowserHolder, type BrowserOptions } from './browser.ts'
import { compilePlan } from './compile.ts'
import { noticesOf } from './confinement.ts'
import { SignedOff } from './failure.ts'
import { stageOn } from './login-context.ts'
import { templates } from './names.ts'
import { callWith, type Plan, type Stage, type StageCall, type Step, scopeOf } from './plan.ts'
import { abortable, type Lease, Pool } from './pool.ts'
import { finish, runSteps } from './run-steps.ts'
import { shape } from './shape.ts'

export function createAdapter(options: BrowserOptions = {}): Adapter {
  const browsers = new BrowserHolder(options)
  const pool = new Pool(browsers)
  const adapter: Adapter<Plan> = {
    name: 'playwright',
    templates,
    shape,
    tellsOnlooker: true,
    parse: compilePlan,
    run: call => attempt(pool, call, { steps: call.steps.steps, result: stage => outputOf(call.steps.result, stage) }),
    probe: call => probe(pool, call),
    closeScreen: id => pool.closeScreen(id),
    stats: () => pool.stats(),
    notices: () => noticesOf(options.chromiumSandbox ?? 'on'),
    close: async () => {
      pool.close()
      await browsers.close()
    }
  }
  return defineAdapter(adapter) as Adapter
}

interface Work<Result> {
  readonly steps: readonly Step[]
  result(stage: Stage): Promise<Result>
}

async function probe(pool: Pool, call: Call<Plan>): Promise<ProbeResult> {
  const { probe } = call.steps
  if (probe === undefined) throw new RetrofitError('internal_error', { detail: `${call.action} has no probe` })
  return attempt(pool, call, {
    steps: probe.steps,
    result: async stage => {
      const extracted = { ...stage.extracted }
      const found = await isTrue(probe.found, scopeOf(stage))
      return found ? { found, output: await outputOf(probe.output, stage), extracted } : { found, extracted }
    }
  })
}

async function outputOf(template: Template | undefined, stage: Stage): Promise<Json> {
  // It goes to the caller, wherever the page is.
  const scope = { ...scopeOf(stage), credentials: stage.call.credentialsAt(undefined) }
  return template === undefined ? { ...stage.extracted } : ((await template(scope)) ?? null)
}

/** A session of the target that ended on the way is opened again, once, and the steps start anew; never after the commit point. */
async function attempt<Result>(pool: Pool, call: Call<Plan>, work: Work<Result>): Promise<Result> {
  const stageCall = callWith(call, { errors: call.steps.errors })
  try {
    return await once(pool, call, stageCall, work)
  } catch (error) {
    if (!(error instanceof SignedOff) || call.committed || call.signal.aborted) throw plain(error)
  }
  return once(pool, call, stageCall, work).catch(error => {
    throw plain(error)
  })
}

async function once<Result>(pool: Pool, call: Call<Plan>, stageCall: StageCall, work: Work<Result>): Promise<Result> {
  const lease = await leaseOf(pool, call, stageCall)
  let left: Promise<void> | undefined
  const leave = (keep: boolean) => (left ??= leavePage(lease, keep))
  const stop = () => void leave(false)
  call.signal.addEventListener('abort', stop, { once: true })
  let keep = false
  try {
    const result = await abortable(perform(lease, stageCall, call.steps, work), call.signal)
    keep = true
    return result
  } catch (error) {
    keep = (error as Error).name === 'BusinessError' && !lease.tab.committing && !lease.tab.busy
    if (error instanceof SignedOff) pool.retire(lease.context)
    throw error
  } finally {
    call.signal.removeEventListener('abort', stop)
    const leaving = leave(keep)
    if (keep) await leaving
  }
}

/** A page that failed may still be about to send: its gate stands until it is gone. Nobody waits for that of a window; it goes by force. */
async function leavePage({ tab, release }: Lease, keep: boolean): Promise<void> {
  const { closeGate } = tab
  if (keep || closeGate === undefined) {
    await closeGate?.()
    if (tab.guarded) tab.destroy()
    return release(keep)
  }
  await closeGate(async () => {
    release(false)
    await tab.closed
  })
}

/** A page that comes when nobody waits for it any more goes back. */
async function leaseOf(pool: Pool, call: Call<Plan>, stageCall: StageCall): Promise<Lease> {
  const coming = pool.acquire(stageCall, call.steps)
  try {
    return await call.step('page', () => abortable(coming, call.signal))
  } catch (error) {
    coming.then(
      lease => lease.release(false),
      () => undefined
    )
    throw error
  }
}

async function perform<Result>(lease: Lease, call: StageCall, plan: Plan, work: Work<Result>): Promise<Result> {
  const stage = stageOn(lease.tab, call, plan)
  try {
    await runSteps(work.steps, stage)
    await finish(stage)
    return await work.result(stage)
  } finally {
    await call.onlooker?.over()
  }
}

/** What a caller can use of an error that no step has explained. */
function plain(error: unknown): unknown {
  if (error instanceof SignedOff) return new RetrofitError('target_failed', { detail: `${error.message}, also after a new login` })
  const isGone = Error.isError(error) && !(error instanceof RetrofitError) && /(page|context|browser) has been closed/.test(error.message)
  return isGone ? new RetrofitError('target_failed', { detail: 'the browser was gone between two steps', cause: error }) : error
}
