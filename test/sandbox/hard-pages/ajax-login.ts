/** An application in one document: the login goes by script and opens no page, and its parts are there, unseen, before it. */
import { isRight, type Kind, loginAt, loginForm } from './server.ts'

const app = `<div id=door>${loginForm('#')}</div>
<div id=app hidden><a id=off href="#">Logout</a> <a href="?page=orders">Orders</a><p id=orders></p></div>
<script>
const show = async () => {
  const answer = await fetch('/ajax-login/session')
  const isIn = answer.status === 200
  door.hidden = isIn
  app.hidden = !isIn
  if (isIn && location.search === '?page=orders') orders.textContent = await (await fetch('/ajax-login/orders')).text()
}
document.forms[0].onsubmit = async event => {
  event.preventDefault()
  await fetch('/ajax-login/login', { method: 'POST', body: new URLSearchParams(new FormData(document.forms[0])) })
  await show()
}
show()
</script>`

export const ajaxLogin: Kind = {
  target: { login: loginAt('/ajax-login/'), ready: { css: '#off' }, timeout: '10s' },
  answer: visit => {
    const { method, path, form, isIn } = visit
    if (method === 'POST' && path === '/login' && isRight(form)) {
      visit.logIn()
      return { raw: 'ok', waitMs: 200 }
    }
    if (path === '/') return { html: app }
    return isIn ? { raw: path === '/orders' ? '7 orders' : 'ok', waitMs: 200 } : { status: 401, raw: 'no session' }
  }
}
