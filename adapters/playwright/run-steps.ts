/** Runs compiled steps on a page and notices what the page says between them. */
import { BusinessError, RetrofitError } from '../../src/index.ts'
import { explain, isRefusal, isTold, SignedOff, within } from './failure.ts'
import { readBackAfter, readBackAtEnd, readBackBefore } from './filled/read-back-steps.ts'
import { passGate } from './gate.ts'
import { lookedOn } from './looked-on.ts'
import { type PageAnswer, type PageJob, pageScript } from './page-script.ts'
import type { DeclaredCondition, Stage, Step } from './plan.ts'
import { sayStatus } from './say-net-error.ts'
import { lookAtLast, openFirst, sessionEnd } from './session-end.ts'
import { isAtLogin, isReadySoon, signedOff, throwWhenSignedOff } from './signed-off.ts'

/** A quick step is not disturbed; a slow one is, as soon as the page shows a declared error. */
const patienceMs = 400
/** A page shows what it was told within this time. */
const tellMs = 2_000
/** They look at the page, and a page that has said in place that the session is over shows nothing that was asked for. */
const looks: ReadonlySet<string> = new Set(['extract', 'expect', 'if'])

export async function runSteps(steps: readonly Step[], stage: Stage): Promise<void> {
  for (const step of steps) await lookedOn(step, stage, taken => runStep(taken, stage))
}

async function runStep(step: Step, stage: Stage): Promise<void> {
  await stage.call.step(step.title, async () => {
    try {
      stage.call.signal.throwIfAborted()
      if (stage.tab.changed) await (step.inspects ? throwWhenSignedOff(stage) : inspect(stage))
      else if (looks.has(step.kind) || step.commit !== undefined) await throwWhenSignedOff(stage)
      if (step.acts) await stage.tab.closeGate?.()
      await readBackBefore(step, stage)
      const timeoutMs = Math.max(1, Math.min(step.timeoutMs, stage.call.deadlineAt - Date.now()))
      const run = () => (step.commit === undefined ? step.run(stage, timeoutMs) : passGate(step, step.commit, stage, timeoutMs))
      await openFirst(step, stage, { open: () => watched(run(), step, stage), inspect: () => inspect(stage) })
      if (step.commit !== undefined && stage.tab.commitStatus >= 400) await refused(stage)
      await afterwards(stage)
      await readBackAfter(step, stage)
    } catch (error) {
      throw await explain(await better(error, step, stage), step, stage)
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

/** A look at the signs that the browser noticed by itself costs nothing. */
async function afterwards(stage: Stage): Promise<void> {
  const { tab, login, watch } = stage
  if (tab.surprise !== undefined) throw surprised(tab.surprise)
  if (watch?.mayBeginAnew() !== true || !isAtLogin(stage)) return
  if (login.ready === undefined ? login.signedOff === undefined : !(await isReadySoon(stage))) throw signedOff(login)
}

const surprised = ({ type, message }: NonNullable<Stage['tab']['surprise']>): RetrofitError =>
  new RetrofitError('target_failed', { detail: `an unexpected dialog opened (${type})`, targetSaid: message })

/** The last look, when the steps are over. */
export async function finish(steps: readonly Step[], stage: Stage): Promise<void> {
  await readBackAtEnd(stage)
  await (stage.tab.changed ? inspect(stage) : throwWhenSignedOff(stage))
  const last = steps.at(-1)
  if (last !== undefined) await lookAtLast(last, stage)
}

/** Throws when the page shows a declared error or the end of the session, or when its status is an error. */
export async function inspect(stage: Stage): Promise<void> {
  const { tab, call } = stage
  tab.changed = false
  const fast = await ask(stage, { errors: [], fields: [], waitMs: 0, previous: undefined })
  if (fast !== undefined) await throwDeclared(stage, fast)
  await throwWhenSignedOff(stage)
  if (tab.status >= 400)
    throw new RetrofitError('target_failed', {
      detail: sayStatus(tab.status),
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
      return await within(stage.frame.evaluate<PageAnswer>(pageScript(whole)), waitMs + 5_000)
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
async function watched(work: Promise<void>, step: Step, stage: Stage): Promise<void> {
  stage.tab.during(work)
  if (stage.call.errors.length === 0 && stage.beside === undefined && stage.login.signedOff === undefined) return work
  let over = false
  const look = async (): Promise<void> => {
    await pause(patienceMs)
    while (!over) {
      await inspect(stage).catch(error => {
        if (error instanceof BusinessError || error instanceof SignedOff) throw error
      })
      await stage.beside?.(stage, step)
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
async function better(error: unknown, step: Step, stage: Stage): Promise<unknown> {
  const { call, page } = stage
  if (error instanceof BusinessError || error instanceof SignedOff || call.signal.aborted || page.isClosed()) return error
  if (isTold(error) || isRefusal(error) || (Error.isError(error) && error.name === 'FenceLost')) return error
  const main = { ...stage, frame: page.mainFrame() }
  const found = await within(inspect(main), 2_000).catch((seen: unknown) => seen)
  if (found instanceof BusinessError || found instanceof SignedOff) return found
  const better = found instanceof RetrofitError && !(error instanceof RetrofitError) && !call.committed ? found : error
  return (await sessionEnd(better, step, main)) ?? better
}
