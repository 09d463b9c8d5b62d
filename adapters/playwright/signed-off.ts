/**
 * Whether the target still knows us. `ready` and `signedOff` decide where they are written; the address of the login page is a guess,
 * which counts where neither is, and else only makes us look.
 */
import { SignedOff } from './failure.ts'
import type { Login, Stage } from './plan.ts'
import { isShown, sightOf } from './sight.ts'

/** How long a page may take to come to rest, and when it is taken to be. In milliseconds. */
const longestMs = 10_000
const quietMs = 500
const lookEveryMs = 50

export async function isSignedOff(stage: Stage): Promise<boolean> {
  const { login } = stage
  if (await isShown(login.signedOff, stage)) return true
  if (login.ready !== undefined) return isAtLogin(stage) && !(await isReady(stage))
  return login.signedOff === undefined && isAtLogin(stage)
}

/** Costs nothing. Says nothing where the login leads to the address that it began at: there all pages may have one path. */
export function isAtLogin({ login: { path }, page, watch }: Stage): boolean {
  return path !== undefined && watch !== undefined && atPath(page.url(), path) && !atPath(watch.home, path)
}

export function atPath(url: string, path: string): boolean {
  return URL.canParse(url) && new URL(url).pathname === path
}

/** One that stands there unseen counts, as in a menu that is folded, but not beside the form of the login, as in a page that holds both. */
export async function isReady(stage: Stage): Promise<boolean> {
  const { login } = stage
  if (login.ready === undefined) return false
  const sight = await sightOf(login.ready, stage)
  return sight === 'shown' || (sight === 'hidden' && !(await showsForm(stage, 'some')))
}

/** Whether the page shows the fields that the login fills. */
export async function showsForm(stage: Stage, which: 'some' | 'every'): Promise<boolean> {
  const { form } = stage.login
  const shown = await Promise.all(form.map(place => isShown(place, stage)))
  return form.length > 0 && shown[which](Boolean)
}

export const isReadySoon = (stage: Stage): Promise<boolean> => isSoon(stage, isReady)

/** Waits for it until the page has come to rest: it has loaded and waited for no answer for half a second. */
export async function isSoon(stage: Stage, look: (stage: Stage) => Promise<boolean>): Promise<boolean> {
  const { page, tab, login } = stage
  const begun = Date.now()
  let loadedAt = Number.POSITIVE_INFINITY
  const loaded = () => {
    loadedAt = Date.now()
  }
  page.waitForLoadState('load', { timeout: longestMs }).then(loaded, loaded)
  const isAtRest = () => Math.min(Date.now() - loadedAt, tab.quietMs) >= quietMs || Date.now() - begun >= longestMs
  for (;;) {
    const isLast = isAtRest()
    if (await look(stage)) return true
    if (isLast || page.isClosed()) return false
    if (await isShown(login.signedOff, stage)) throw signedOff(login)
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
  }
}

/** While the committing request may be on its way, nothing of this is said: the gate alone knows what becomes of it. */
export async function throwWhenSignedOff(stage: Stage): Promise<void> {
  const { login, watch, tab } = stage
  const isOpen = () => watch !== undefined && !tab.committing && watch.mayBeginAnew()
  if (login.signedOff !== undefined && isOpen() && (await isShown(login.signedOff, stage)) && isOpen()) throw signedOff(login)
}

/** By what it is known, for people. */
export function signedOff({ ready, signedOff }: Login): SignedOff {
  const signs = [signedOff && `${signedOff.text} is shown`, ready && `${ready.text} is not there`].filter(sign => sign !== undefined)
  return new SignedOff(`the target has ended the session (${signs.join(', or ') || 'it shows its login page'})`)
}
