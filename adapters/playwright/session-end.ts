/**
 * A session that ends in place: the address and the status say nothing, the page is just another one. It is noticed on the first page
 * that an attempt opens and when a step fails, as `ready` is not there then.
 */
import { ExpressionError, NothingSent, RetrofitError } from '../../src/index.ts'
import { isGone, isUnreached, type SignedOff, within } from './failure.ts'
import type { Stage, Step } from './plan.ts'
import { isAtLogin, isReady, isReadySoon, isSignedOff, isSoon, showsForm, signedOff } from './signed-off.ts'

/** A step that failed in spite of a new login makes no other one needed for this long. In milliseconds. */
const fruitlessMs = 60_000
const fruitless = new WeakMap<Step, number>()
const isFruitless = (step: Step): boolean => Date.now() - (fruitless.get(step) ?? Number.NEGATIVE_INFINITY) < fruitlessMs

/** Steps whose page does not show `ready`, though the session was alive. */
const bare = new WeakSet<Step>()

interface Opening {
  open(): Promise<void>
  /** Throws what the page says by itself. */
  inspect(): Promise<void>
}

export async function openFirst(step: Step, stage: Stage, opening: Opening): Promise<void> {
  const { watch, tab } = stage
  if (watch === undefined || watch.hasLooked || step.kind !== 'goto') return opening.open()
  watch.hasLooked = true
  await openWatched(step, stage, opening)
  watch.documents = tab.documents
}

/**
 * Opens the first page. Where `ready` is not on it, the first page after the login tells whether the session lives: then the page is
 * opened once more, as a portal may keep in the session which page was opened last.
 */
async function openWatched(step: Step, stage: Stage, { open, inspect }: Opening): Promise<void> {
  const { watch, login } = stage
  if (watch === undefined) return
  if (login.ready === undefined) return login.signedOff === undefined ? openGuessing(step, stage, open) : open()
  if (!watch.isSure && (step.commit !== undefined || (bare.has(step) && !isFruitless(step)))) await checkAtHome(stage)
  await open()
  if (step.commit !== undefined) return
  watch.wasReady = await isReady(stage)
  if (watch.wasReady) return void bare.delete(step)
  await inspect()
  if (isFruitless(step) || (watch.isSure && !watch.isAnew)) return
  watch.wasReady = await isReadySoon(stage)
  if (watch.wasReady) return
  // Missing right after a login was made for it, it tells nothing; and a portal may not show the page after the login twice.
  if (watch.isSure) return void fruitless.set(step, Date.now())
  if (isAtLogin(stage)) throw signedOff(login)
  await checkAtHome(stage)
  bare.add(step)
  await open()
}

/**
 * The last page, where it is another one than the first, or has lost what it showed: an empty list on it may be that of a page that says
 * that the session is over.
 * Only while the steps could begin anew, so after a commit nothing is looked for; and a screen stays as it is.
 */
export async function lookAtLast(last: Step, stage: Stage): Promise<void> {
  const { watch, login, tab, call } = stage
  if (call.screen !== undefined || watch?.documents === undefined || login.ready === undefined) return
  if (watch.documents === tab.documents && !watch.wasReady) return
  if (watch.isAnew || !watch.mayBeginAnew() || isFruitless(last) || (await isReady(stage))) return
  if (!bare.has(last) && (await isReadySoon(stage))) return
  await checkAtHome(stage)
  bare.add(last)
}

/** Nothing says what a page shows. One that shows all that the login fills in, a password too, is taken for the login's. */
async function openGuessing(step: Step, stage: Stage, open: () => Promise<void>): Promise<void> {
  await open()
  const { watch, login } = stage
  if (step.commit !== undefined || watch === undefined || watch.isSure || isFruitless(step)) return
  if (!(await isSoon(stage, isNoLogin))) throw signedOff(login)
}

async function isNoLogin(stage: Stage): Promise<boolean> {
  const found = stage.page.frames().map(frame => within(frame.locator('input[type=password]:visible').count(), 2_000).catch(() => 0))
  const asksForPassword = (await Promise.all(found)).some(count => count > 0)
  return !(asksForPassword && (await showsForm(stage, 'every')))
}

async function checkAtHome(stage: Stage): Promise<void> {
  const { watch, tab, login } = stage
  if (watch === undefined) return
  await tab.goto(watch.home, { waitUntil: 'domcontentloaded', timeout: homeMs }).catch(error => {
    throw notHome(error)
  })
  if (!(await isReadySoon(stage))) throw signedOff(login)
  watch.isSure = true
}

const homeMs = 15_000

function notHome(error: Error): RetrofitError {
  const [why = 'it broke off'] = /net::\w+|Timeout \d+ms exceeded/.exec(error.message) ?? []
  const targetDown = isUnreached(error, { timeoutMs: homeMs })
  return new RetrofitError('target_failed', {
    detail: `the first page after the login could not be opened: ${why}`,
    targetDown,
    cause: error
  })
}

/** Judges by a failed step whether the session is over. A guess is made once: where a new login did not help, the step's own error is told. */
export async function sessionEnd(error: unknown, step: Step, stage: Stage): Promise<SignedOff | undefined> {
  const { watch, login } = stage
  if (watch?.mayBeginAnew() !== true) return undefined
  if (await within(isSignedOff(stage), 2_000).catch(() => false)) return signedOff(login)
  if (!isOfPage(error, step) || !(await mayHaveEnded(stage))) return undefined
  if (!watch.isAnew) return isFruitless(step) ? undefined : signedOff(login)
  fruitless.set(step, Date.now())
  return undefined
}

/** The page is not what the step needs; anything else would be the same after another login. */
function isOfPage(error: unknown, step: Step): boolean {
  if (!Error.isError(error) || error instanceof NothingSent || error instanceof ExpressionError) return false
  if (error instanceof RetrofitError) return error.code === 'target_failed' && error.retryable
  return !isUnreached(error, step) && !isGone(error)
}

async function mayHaveEnded(stage: Stage): Promise<boolean> {
  const { login, watch } = stage
  if (login.ready !== undefined) return !(await isReadySoon(stage))
  return login.signedOff === undefined && watch?.isSure === false
}
