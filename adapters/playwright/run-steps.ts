/** Runs compiled steps on a page and notices what the page says between them. */
import { BusinessError, RetrofitError } from '../../src/index.ts'
import { explain, isRefusal, SignedOff, within } from './failure.ts'
import { passGate } from './gate.ts'
import { lookedOn } from './looked-on.ts'
import { type PageAnswer, type PageJob, readPage } from './page-script.ts'
import type { DeclaredCondition, Stage, Step } from './plan.ts'
import { atPath, isSignedOff } from './signed-off.ts'

/** A quick step is not disturbed; a slow one is, as soon as the page shows a declared error. */
const patienceMs = 400
/** A page shows what it was told within this time. */
const tellMs = 2_000

export async function runSteps(steps: readonly Step[], stage: Stage): Promise<void> {
  for (const step of steps) await lookedOn(step, stage, taken => runStep(taken, stage))
}

async function runStep(step: Step, stage: Stage): Promise<void> {
  await stage.call.step(step.title, async () => {
    try {
      stage.call.signal.throwIfAborted()
      if (!step.inspects && stage.tab.changed) await inspect(stage)
      if (step.acts) await stage.tab.closeGate?.()
      const timeoutMs = Math.max(1, Math.min(step.timeoutMs, stage.call.deadlineAt - Date.now()))
      await watched(step.commit === undefined ? step.run(stage, timeoutMs) : passGate(step, step.commit, stage, timeoutMs), stage)
      if (step.commit !== undefined && stage.tab.commitStatus >= 400) await refused(stage)
      afterwards(stage)
    } catch (error) {
      throw await explain(await better(error, stage), step, stage)
    }
  })
}

/** A script that gets such an answer to the committing request has yet to show what it makes of it. */
async function refused(stage: Stage): Promise<never> {
  for (const until = Date.now() + tellMs; Date.now() < until; await pause(100)) await inspect(stage)
  throw new RetrofitError('target_failed', {
    detail: `the committing request was answered with status ${stage.tab.commitStatus}`,
    targetDown: stage.tab.commitStatus >= 500,
    effect: 'unknown'
  })
}

/** What the browser noticed by itself costs nothing to look at. */
function afterwards({ tab, call, login, page }: Stage): void {
  if (tab.surprise !== undefined) throw surprised(tab.surprise)
  if (!call.committed && login.path !== undefined && atPath(page.url(), login.path)) throw new SignedOff('the target shows its login page')
}

const surprised = ({ type, message }: NonNullable<Stage['tab']['surprise']>): RetrofitError =>
  new RetrofitError('target_failed', { detail: `an unexpected dialog opened (${type})`, targetSaid: message })

/** The last look, when the steps are over. */
export async function finish(stage: Stage): Promise<void> {
  if (stage.tab.changed) await inspect(stage)
}

/** Throws when the page shows a declared error or its status is one. */
export async function inspect(stage: Stage): Promise<void> {
  const { tab, call } = stage
  tab.changed = false
  const fast = await ask(stage, { errors: [], fields: [], waitMs: 0, previous: undefined })
  if (fast !== undefined) await throwDeclared(stage, fast)
  if (tab.status >= 400)
    throw new RetrofitError('target_failed', {
      detail: `the target answered with status ${tab.status}`,
      targetDown: tab.status >= 500,
      ...(call.committed && { effect: 'unknown' as const })
    })
}

/** One round trip: the declared errors first, then the fields. Undefined when there is nothing to ask. */
export async function ask(stage: Stage, job: PageJob): Promise<PageAnswer | undefined> {
  const inPage = stage.call.errors.filter(error => error.place.spec !== undefined)
  if (inPage.length === 0 && job.fields.length === 0) return undefined
  const errors = await Promise.all(inPage.map(error => error.place.spec?.(stage)))
  const until = Date.now() + job.waitMs
  for (;;) {
    const waitMs = Math.max(0, until - Date.now())
    const whole = { ...job, waitMs, errors: errors.filter(error => error !== undefined) }
    try {
      return await within(stage.frame.evaluate(readPage, whole), waitMs + 5_000)
    } catch (error) {
      if (Date.now() >= until || !isLostContext(error)) throw error
    }
  }
}

/** The page moved on while it was being read. */
const isLostContext = (error: unknown): boolean =>
  /context was destroyed|Cannot find context|because of a navigation/i.test((error as Error).message)

export async function throwDeclared(stage: Stage, answer: PageAnswer): Promise<void> {
  const inPage = stage.call.errors.filter(error => error.place.spec !== undefined)
  const found = answer.error === undefined ? undefined : inPage[answer.error]
  if (found !== undefined) throw declared(stage, found, answer.errorText)
  const others = stage.call.errors.filter(error => error.place.spec === undefined)
  const seen = await Promise.all(others.map(async error => (await error.place.find(stage)).first().isVisible()))
  const other = others[seen.indexOf(true)]
  if (other !== undefined) throw declared(stage, other, undefined)
}

function declared({ call }: Stage, { code, title }: DeclaredCondition, text: string | undefined): BusinessError {
  // Cut last: half a secret would not be found.
  return new BusinessError(code, title, undefined, text ? call.redact(text).slice(0, 200) : undefined)
}

/** Lets a step work, and looks at the page beside it once it takes long. */
async function watched(work: Promise<void>, stage: Stage): Promise<void> {
  stage.tab.during(work)
  if (stage.call.errors.length === 0) return work
  let over = false
  const look = async (): Promise<void> => {
    await pause(patienceMs)
    while (!over) {
      await inspect(stage).catch(error => {
        if (error instanceof BusinessError) throw error
      })
      await pause(patienceMs)
    }
  }
  try {
    const looking = look()
    looking.catch(() => undefined)
    await Promise.race([work, looking.then(() => work)])
  } finally {
    over = true
    work.catch(() => undefined)
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms).unref())

/** A failed step is often the sign of something that the page can say better. */
async function better(error: unknown, stage: Stage): Promise<unknown> {
  const { call, page } = stage
  if (error instanceof BusinessError || error instanceof SignedOff || call.signal.aborted || page.isClosed()) return error
  if (isRefusal(error) || (Error.isError(error) && error.name === 'FenceLost')) return error
  try {
    const main = { ...stage, frame: page.mainFrame() }
    await within(inspect(main), 2_000)
    if (!call.committed && (await within(isSignedOff(main), 2_000))) return new SignedOff('the target shows its login page')
  } catch (found) {
    if (found instanceof BusinessError) return found
    if (found instanceof RetrofitError && !(error instanceof RetrofitError)) return call.committed ? error : found
  }
  return error
}
