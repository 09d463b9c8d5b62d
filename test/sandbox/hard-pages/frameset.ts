/** A portal of framesets: its address never changes, the menu and the login are documents in frames of it. */
import { isRight, type Kind, loginForm } from './server.ts'

const frames = (main: string) =>
  `<frameset cols="20%,80%"><frame name=menu src=/frameset/menu><frame name=main src=/frameset/${main}></frameset>`

export const frameset: Kind = {
  target: {
    login: [
      { goto: '/frameset/' },
      {
        frame: {
          name: 'main',
          steps: [
            { fill: { label: 'User ID', value: '{{ credentials.username }}' } },
            { fill: { label: 'Password', value: '{{ credentials.password }}' } },
            { click: { role: 'button', name: 'Sign on' } }
          ]
        }
      }
    ],
    ready: { role: 'link', name: 'Logout' },
    timeout: '10s'
  },
  answer: visit => {
    const { method, path, form, isIn } = visit
    if (method === 'POST' && path === '/login' && isRight(form)) {
      visit.logIn()
      return { html: '<script>top.location = "/frameset/"</script>' }
    }
    if (path === '/') return { html: frames(visit.query.get('page') ?? 'home') }
    if (!isIn) return { html: path === '/menu' ? '<p>Guest</p>' : loginForm('/frameset/login') }
    const pages: Readonly<Record<string, string>> = {
      '/menu': '<a href=/frameset/off target=main>Logout</a> <a href=/frameset/orders target=main>Orders</a>',
      '/orders': '<label>Ref <input></label><p id=orders>7 orders</p>'
    }
    return { html: pages[path] ?? '<h1>Home</h1>' }
  }
}
