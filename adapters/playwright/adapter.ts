/** Drives web screens with Playwright, on pages that are kept warm. */
import {
  type Adapter,
  type Call,
  declaredPart,
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
import { attachPicture, SignedOff } from './failure.ts'
import { stageOn } from './login-context.ts'
import { templates } from './names.ts'
import { callWith, type Plan, type Stage, type StageCall, type Step, scopeOf, type Watch } from './plan.ts'
import { abortable, type Lease, Pool } from './pool.ts'
import { finish, runSteps } from './run-steps.ts'
import { shape } from './shape.ts'
import { tryOf } from './tries.ts'

export function createAdapter(options: BrowserOptions = {}): Adapter {
  const browsers = new BrowserHolder(options)
  const pool = new Pool(browsers)
  const adapter: Adapter<Plan> = {
    name: 'playwright',
    templates,
    shape,
    tellsOnlooker: true,
    parse: compilePlan,
    run: call => attempt({ pool, call, work: workOf(call) }),
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
  /** True: the steps only look whether the effect is there, so their result is no answer to a committed request. */
  readonly isProbe: boolean
  readonly steps: readonly Step[]
  result(stage: Stage): Promise<Result>
}

const workOf = ({ steps }: Call<Plan>): Work<Json> => ({
  isProbe: false,
  steps: steps.steps,
  result: stage => pictured(outputOf(steps, steps.result, stage), stage)
})

async function probe(pool: Pool, call: Call<Plan>): Promise<ProbeResult> {
  const { probe } = call.steps
  if (probe === undefined) throw new RetrofitError('internal_error', { detail: `${call.action} has no probe` })
  const work: Work<ProbeResult> = {
    isProbe: true,
    steps: probe.steps,
    result: async stage => {
      const extracted = { ...stage.extracted }
      const found = await isTrue(probe.found, scopeOf(stage))
      return found ? { found, output: await outputOf(call.steps, probe.output, stage), extracted } : { found, extracted }
    }
  }
  return attempt({ pool, call, work })
}

async function outputOf({ output }: Plan, template: Template | undefined, stage: Stage): Promise<Json> {
  stage.call.answered({ value: { ...stage.extracted } })
  // It goes to the caller, wherever the page is.
  const scope = { ...scopeOf(stage), credentials: stage.call.credentialsAt(undefined) }
  return template === undefined ? declaredPart(output, { ...stage.extracted }) : ((await template(scope)) ?? null)
}

interface Attempt<Result> {
  readonly pool: Pool
  readonly call: Call<Plan>
  readonly work: Work<Result>
}

/** Whoever has to correct an expression sees what it was about. */
async function pictured(output: Promise<Json>, stage: Stage): Promise<Json> {
  try {
    return await output
  } catch (error) {
    if (stage.call.evidence !== 'none' && !stage.page.isClosed()) await attachPicture('answer.png', stage)
    throw error
  }
}

/** A session of the target that ended is opened again, once, and the steps begin anew; never after the commit point. */
async function attempt<Result>(all: Attempt<Result>): Promise<Result> {
  const { call } = all
  const base = callWith(call, { errors: call.steps.errors, probes: all.work.isProbe })
  const first = tryOf(base)
  try {
    return await once({ ...all, own: first.call, isAnew: false })
  } catch (error) {
    const isOpen = first.giveUp() && mayBeginAnew(all)
    if (!(error instanceof SignedOff) || !isOpen || call.signal.aborted) throw plain(error)
  }
  return once({ ...all, own: tryOf(callWith(base, openedAnew(all))).call, isAnew: true }).catch(error => {
    throw plain(error)
  })
}

/** An action that takes nothing from the page before it can begin on a page of the new login. */
function openedAnew({ call: { screen, steps }, work }: Attempt<unknown>): Partial<StageCall> {
  return screen !== undefined && steps.isAlone && !work.isProbe ? { screen: { ...screen, use: 'pinned' } } : {}
}

/** A probe begins after the commit point and only reads. */
const mayBeginAnew = ({ call, work }: Attempt<unknown>): boolean => work.isProbe || !call.committed

interface Once<Result> extends Attempt<Result> {
  readonly own: StageCall
  readonly isAnew: boolean
}

async function once<Result>(all: Once<Result>): Promise<Result> {
  const { pool, call, own, work } = all
  const lease = await leaseOf(pool, call, own)
  let left: Promise<void> | undefined
  const leave = (keep: boolean) => (left ??= leavePage(lease, keep))
  const stop = () => void leave(false)
  call.signal.addEventListener('abort', stop, { once: true })
  let keep = false
  try {
    const stage = stageOn(lease.tab, own, { plan: call.steps, watch: watchOf(lease, all) })
    const result = await abortable(perform(stage, work), call.signal)
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

/** On a screen that goes on, another login does not bring back what the page held. */
function watchOf({ context, isFresh }: Lease, all: Once<unknown>): Watch | undefined {
  const { call, isAnew } = all
  if (call.steps.login.steps.length === 0) return undefined
  const goesOn = call.screen !== undefined && call.screen.use !== 'pinned' && !call.steps.isAlone
  return {
    home: context.home,
    isAnew: isAnew || goesOn,
    mayBeginAnew: () => mayBeginAnew(all),
    isSure: isAnew || isFresh,
    hasLooked: goesOn && !isFresh,
    wasReady: false,
    documents: undefined
  }
}

async function perform<Result>(stage: Stage, work: Work<Result>): Promise<Result> {
  stage.tab.filled.begin()
  try {
    await runSteps(work.steps, stage)
    await finish(work.steps, stage)
    return await work.result(stage)
  } finally {
    await stage.call.onlooker?.over()
  }
}

/** An error that no step has explained, as a caller can use it. */
function plain(error: unknown): unknown {
  if (error instanceof SignedOff) return new RetrofitError('target_failed', { detail: `${error.message}, also after a new login` })
  const isGone = Error.isError(error) && !(error instanceof RetrofitError) && /(page|context|browser) has been closed/.test(error.message)
  return isGone ? new RetrofitError('target_failed', { detail: 'the browser was gone between two steps', cause: error }) : error
}
