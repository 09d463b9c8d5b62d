/** Logs in: the steps of the manifest, and the wait for what says that they have led somewhere. */
import { RetrofitError } from '../../src/index.ts'
import { cut, whatIsThere, within } from './failure.ts'
import type { Plan, Stage, Step } from './plan.ts'
import { runSteps } from './run-steps.ts'
import { isShown, sightOf } from './sight.ts'
import { atPath, isReady, showsForm } from './signed-off.ts'

const lookEveryMs = 50

/** Logins that are not to be tried again soon. */
const refusals = new WeakSet<Error>()
export const isRefusedLogin = (error: unknown): error is Error => Error.isError(error) && refusals.has(error)

export async function logIn(stage: Stage, plan: Plan): Promise<void> {
  const entering = { ...stage, watch: undefined, beside: lookForRefusal }
  await runSteps(stage.login.steps, entering).catch(async error => {
    throw (await refusal(stage)) ?? error
  })
  const begun = Date.now()
  for (const until = Math.min(begun + plan.timeoutMs, stage.call.deadlineAt); ; ) {
    if (await isIn(stage)) return
    const refused = await refusal(stage)
    if (refused !== undefined) throw refused
    if (Date.now() >= until) break
    stage.call.signal.throwIfAborted()
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
  }
  if (await hasNoSignOfFailure(stage)) return
  throw await notReached(stage, Date.now() - begun)
}

/** Not beside what fills and clicks: the page may tell of the login before. */
async function lookForRefusal(stage: Stage, step: Step): Promise<void> {
  const refused = step.acts ? undefined : await refusal(stage)
  if (refused !== undefined) throw refused
}

/** A guess only makes us wait: a login may take its time without leaving its page. */
async function isIn(stage: Stage): Promise<boolean> {
  const { login, page } = stage
  if (login.ready !== undefined) return isReady(stage)
  const isLoaded = await within(page.evaluate(isParsed), 2_000).catch(() => false)
  if (!isLoaded || (await isShown(login.signedOff, stage))) return false
  if (login.signedOff === undefined && login.path !== undefined && !atPath(page.url(), login.path)) return true
  return !(await showsForm(stage, 'some'))
}

const isParsed = () => document.readyState !== 'loading'

/** Where the author wrote what a page shows without a session, that alone decides in the end. */
async function hasNoSignOfFailure(stage: Stage): Promise<boolean> {
  const { ready, signedOff } = stage.login
  return ready === undefined && signedOff !== undefined && (await sightOf(signedOff, stage)) !== 'shown'
}

async function refusal(stage: Stage): Promise<RetrofitError | undefined> {
  const { refused } = stage.login
  if (refused === undefined || !(await isShown(refused, stage))) return undefined
  return kept(
    new RetrofitError('target_failed', {
      detail: `the target did not accept the login: it shows ${refused.text}, which target.refused names`,
      targetSaid: cut(await whatIsThere(stage), 600),
      retryable: false,
      hint: 'Check the credentials of the target; asking again may lock the account.'
    })
  )
}

/** The page alone knows why; nobody is accused. */
async function notReached(stage: Stage, waitedMs: number): Promise<RetrofitError> {
  const { ready, signedOff } = stage.login
  const inTime = `within ${Math.max(0.1, Math.round(waitedMs / 100) / 10)} s`
  const detail =
    ready !== undefined
      ? `the login did not reach target.ready: ${ready.text} did not appear ${inTime}`
      : signedOff !== undefined
        ? `the login did not get in: ${signedOff.text}, which target.signedOff names, did not go away ${inTime}`
        : `the login did not get past its page: the fields that it fills did not go away ${inTime}`
  const again = await isAskedAgain(stage)
  const error = new RetrofitError('target_failed', {
    detail: again === undefined ? detail : `${detail}; ${again}`,
    targetSaid: cut(await whatIsThere(stage), 600),
    retryable: again === undefined,
    hint: 'See what the target said, and whether the steps of target.login lead where target.ready stands.'
  })
  return again === undefined ? error : kept(error)
}

/** Only to be careful: it may be a refusal. */
async function isAskedAgain(stage: Stage): Promise<string | undefined> {
  const { login, page } = stage
  if (await showsForm(stage, 'some')) return 'the page shows the fields of the login again'
  return login.path !== undefined && atPath(page.url(), login.path) ? 'the page has the address of the login again' : undefined
}

function kept(error: RetrofitError): RetrofitError {
  refusals.add(error)
  return error
}
