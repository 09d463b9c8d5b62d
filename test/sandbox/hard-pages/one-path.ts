/** A front controller: every page, that of the login too, is `/one-path/index.php`; the query or a script says which one. */
import { isRight, type Kind, loginAt, loginForm } from './server.ts'

const path = '/one-path/index.php'
const fromScript = `<script>document.forms[0].onsubmit = event => {
  event.preventDefault()
  fetch('${path}?route=login', { method: 'POST', body: new URLSearchParams(new FormData(document.forms[0])) }).then(() => { location = '${path}?route=home' })
}</script>`

function page(route: string): string {
  const menu = `<a id=off href="${path}?route=logout">Logout</a><h1>${route}</h1>`
  return route === 'orders' ? `${menu}<p id=orders>7 orders</p>` : menu
}

/** `isScripted`: the login is sent by a script, and takes its time. */
const onePathOf = (isScripted: boolean): Kind => ({
  target: { login: loginAt(path), ready: { css: '#off' }, timeout: '10s' },
  answer: visit => {
    const route = visit.query.get('route') ?? 'login'
    if (visit.method === 'POST' && route === 'login' && isRight(visit.form)) {
      visit.logIn()
      return isScripted ? { html: 'ok', waitMs: 200 } : { to: `${path}?route=home` }
    }
    const form = loginForm(`${path}?route=login`, isScripted ? fromScript : '')
    return visit.isIn ? { html: page(route), ...(isScripted && { waitMs: 200 }) } : { html: form }
  }
})

export const onePath = onePathOf(false)
export const scripted = onePathOf(true)
