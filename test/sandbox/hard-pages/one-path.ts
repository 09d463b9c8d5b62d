/** A front controller: every page, that of the login too, has one path; the query says which one. */
import { isRight, type Kind, loginAt, loginForm } from './server.ts'

const fromScript = (path: string) => `<script>document.forms[0].onsubmit = async event => {
  event.preventDefault()
  const body = new URLSearchParams(new FormData(document.forms[0]))
  const answer = await fetch('${path}?route=login', { method: 'POST', body })
  if (await answer.text() === 'ok') location = '${path}?route=home'
}</script>`

function page(path: string, route: string): string {
  const menu = `<a id=off href="${path}?route=logout">Logout</a><h1>${route}</h1>`
  return route === 'orders' ? `${menu}<p id=orders>7 orders</p>` : menu
}

function onePathOf(path: string, isScripted: boolean): Kind {
  const script = isScripted ? fromScript(path) : ''
  return {
    target: { login: loginAt(path), ready: { css: '#off' }, timeout: '10s' },
    answer: visit => {
      const route = visit.query.get('route') ?? 'login'
      if (visit.method === 'POST' && route === 'login' && isRight(visit.form)) {
        visit.logIn()
        return isScripted ? { raw: 'ok', waitMs: 200 } : { to: `${path}?route=home` }
      }
      if (!visit.isIn) return { html: loginForm(`${path}?route=login`, script) }
      return isScripted ? { html: page(path, route), waitMs: 200 } : { html: page(path, route) }
    }
  }
}

export const onePath = onePathOf('/one-path/index.php', false)
/** Its login is sent by a script, and takes its time. */
export const scripted = onePathOf('/scripted/index.php', true)
