/** A session that ends in place: the address stays, and the page says something else. `as` chooses what. */
import { type Answer, isRight, type Kind, loginAt, loginForm } from './server.ts'

export const endings = {
  text: { html: '<h2>Session expired!</h2>' },
  form: { html: `<h2>Please sign on again</h2>${loginForm('/in-place/login')}` },
  frame: { html: '<iframe src="about:blank"></iframe>' },
  nothing: { html: '' },
  'status 401': { status: 401, html: 'No session' },
  'status 500': { status: 500, html: 'java.lang.NullPointerException' }
} as const satisfies Readonly<Record<string, Answer>>

const menu = '<a id=off href=/in-place/off>Logout</a>'
/** One page that loads everything by itself, and says in place that the session is over; nothing that a step needs goes with it. */
const single = `<div id=menu>${menu}</div><button onclick=load()>Load</button><p id=said></p><ul id=list></ul>
<form method=post action=/in-place/paid><button>Pay</button></form>
<script>const load = async () => {
  const isIn = (await (await fetch('/in-place/rows')).text()).includes('rows')
  if (isIn) list.innerHTML = '<li>one<li>two'
  else menu.innerHTML = said.textContent = 'Session expired!'
  document.body.append('loaded')
}</script>`
const pages: Readonly<Record<string, string>> = {
  '/home': `${menu}<h1>Home</h1>`,
  '/orders': `${menu}<label>Ref <input></label><p id=orders>7 orders</p><ul><li>one<li>two</ul><a href=/in-place/lines>Lines</a>`,
  '/lines': `${menu}<label>Line <input></label><p id=lines>3 lines</p><ul><li>a<li>b<li>c</ul>`,
  // A page of its own, without the menu.
  '/receipt': '<p id=receipt>Receipt 5</p>',
  '/pay': `${menu}<form method=post action=/in-place/paid><label>Amount <input name=amount></label><button>Pay</button></form>`,
  '/rows': 'rows',
  '/single': single,
  '/late': `${menu}<form method=post action=/in-place/paid onsubmit="document.body.append('Late')"><button>Pay</button></form>`,
  '/paid': `${menu}<p id=paid>Paid</p>`
}

/** Asks by itself whether the session lives, and says so in place when it does not. */
const asking = `<script>setInterval(async () => {
  const page = await (await fetch('/in-place/home')).text()
  if (!page.includes('Logout')) document.body.innerHTML = page
}, 100)</script>`
let watched = 0

/** Which ending the sessions of this kind have; a test sets it. */
export const ending: { as: keyof typeof endings } = { as: 'text' }

export const inPlace: Kind = {
  target: { login: loginAt('/in-place/login'), ready: { css: '#off' }, refused: { text: 'Wrong password' }, timeout: '20s' },
  answer: visit => {
    const { method, path, form } = visit
    if (path === '/login' && method === 'POST') {
      if (!isRight(form)) return { html: loginForm('/in-place/login', '<p>Wrong password</p>') }
      visit.logIn()
      return { to: '/in-place/home' }
    }
    if (path === '/login') return { html: loginForm('/in-place/login') }
    if (visit.isIn && path === '/watching') return { html: `${menu}${watched++ === 0 ? asking : 'Here it is'}` }
    return visit.isIn ? { html: pages[path] ?? `${menu}<p>No such page</p>` } : endings[ending.as]
  }
}
