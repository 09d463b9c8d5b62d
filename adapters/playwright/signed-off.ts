/** Whether the target has ended the session: it shows its login page, or what `signedOff` names. */
import type { Stage } from './plan.ts'

export async function isSignedOff(stage: Stage): Promise<boolean> {
  const { login, page } = stage
  if (login.path !== undefined && atPath(page.url(), login.path)) return true
  return login.signedOff === undefined ? false : (await login.signedOff.find(stage)).first().isVisible()
}

export function atPath(url: string, path: string): boolean {
  return URL.canParse(url) && new URL(url).pathname === path
}
