/** Bounds the idle pages of a browser: every tenant has pages of its own, and each is a process. */
import type { LoginContext } from './login-context.ts'

/** Idle pages over all logins of one browser; a login that no run is using counts as one at least. */
export const mostIdlePages = 64

type Warm = Pick<LoginContext, 'idle' | 'inUse' | 'dropPage'>

/** Lets idle pages go, of those logins first whose last use is longest ago, and logins that have none left. `logins` in the order of their use. */
export function letGo<Login extends Warm>(logins: readonly Login[], retire: (login: Login) => void, most = mostIdlePages): void {
  const weight = ({ idle, inUse }: Warm) => (inUse ? idle : Math.max(1, idle))
  let over = logins.reduce((sum, login) => sum + weight(login), 0) - most
  for (const login of logins) {
    for (; over > 0 && login.idle > (login.inUse ? 0 : 1); over--) login.dropPage()
    if (over <= 0) return
    if (login.inUse) continue
    retire(login)
    over--
  }
}
