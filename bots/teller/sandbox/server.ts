/** The teller portal: a branch portal as of 2004, server-rendered, on node:http. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { booksBeside } from '../../journal.ts'
import { Effects, type Sandbox, type SandboxOptions } from '../../sandbox.ts'
import { handleAdmin, type Switches } from '../../sandbox-admin.ts'
import { Books } from './books.ts'
import { rendering } from './layout.ts'
import { loginPage, plainPage } from './pages.ts'
import { type Answer, routes } from './routes.ts'
import { type Session, Sessions, type SignedOff } from './session.ts'

export interface TellerOptions extends SandboxOptions {
  readonly username?: string
  readonly password?: string
  /** How long a session lives without a request. */
  readonly sessionTtlMs?: number
  /** A second login of a user throws the first one out. */
  readonly singleLogin?: boolean
  /** Every page says that the system is down. */
  readonly maintenance?: boolean
}

export interface TellerSandbox extends Sandbox {
  /** Signs everyone off, as the admin path does. */
  expireSessions(): void
}

interface Portal {
  readonly options: TellerOptions
  readonly effects: Effects
  readonly books: Books
  readonly sessions: Sessions
  maintenance: boolean
}

interface Request {
  readonly method: string
  readonly url: URL
  readonly sessionId: string
  readonly form: URLSearchParams
}

const cookieName = 'BRANCHSESSION'
const maxBodyBytes = 64 * 1024
const signedOffTexts: Readonly<Record<SignedOff, string>> = {
  expired: 'Your session has expired',
  elsewhere: 'Your session has expired: the user signed on at another workstation'
}
const invalidViewState: Answer = { status: 400, page: plainPage('Bad request', 'Invalid view state') }
const notFound: Answer = { status: 404, page: plainPage('Not found', 'The page cannot be found') }
const down: Answer = { status: 503, page: plainPage('Maintenance', 'The system is down for maintenance') }

export async function startTeller(options: TellerOptions): Promise<TellerSandbox> {
  const portal = openPortal(options)
  const switches = switchesOf(portal)
  const server = createServer((request, response) => {
    serve(portal, switches, request, response).catch(error => {
      // A client that hangs up in the middle of its request is nothing to report.
      if (error.code !== 'ECONNRESET') console.error('teller sandbox:', error)
      response.destroy()
    })
  })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, host, resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    effects: portal.effects,
    expireSessions: () => portal.sessions.expireAll(),
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
      portal.effects.close()
    }
  }
}

function openPortal(options: TellerOptions): Portal {
  const { ledgerPath, faults, notify, sessionTtlMs = 15 * 60_000, singleLogin = false, maintenance = false } = options
  return {
    options,
    maintenance,
    effects: new Effects(ledgerPath, faults, notify),
    books: new Books(booksBeside(ledgerPath)),
    sessions: new Sessions({ ttlMs: sessionTtlMs, singleLogin })
  }
}

function switchesOf(portal: Portal): Switches {
  const { sessions } = portal
  return {
    maintenance: {
      get: () => portal.maintenance,
      set: value => {
        portal.maintenance = Boolean(value)
      }
    },
    singleLogin: {
      get: () => sessions.singleLogin,
      set: value => {
        sessions.singleLogin = Boolean(value)
      }
    },
    sessionTtlMs: {
      get: () => sessions.ttlMs,
      set: value => {
        sessions.ttlMs = Number(value)
      }
    },
    expireSessions: { get: () => false, set: value => value && sessions.expireAll() }
  }
}

async function serve(portal: Portal, switches: Switches, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await handleAdmin(request, response, portal.effects, switches)) return
  // Read now: the effect in this very request may be the last one that the faults are for.
  const { delayMs } = portal.effects.faults
  const answer = await respond(portal, await readRequest(request))
  if (delayMs > 0) await sleep(delayMs)
  send(request, response, answer)
}

async function respond(portal: Portal, request: Request): Promise<Answer> {
  const { method, url, sessionId } = request
  const call = `${method} ${url.pathname}`
  if (portal.maintenance) return down
  if (call === 'GET /login') return { page: showLogin(portal, url.searchParams.get('reason')) }
  if (call === 'POST /login') return signOn(portal, request)
  const session = portal.sessions.find(sessionId)
  if (typeof session === 'string') return Object.hasOwn(routes, call) ? { redirect: `/login?reason=${session}` } : notFound
  if (call === 'GET /logout') return signOff(portal, session)
  return visit(portal, session, call, request)
}

function visit(
  { books, effects, sessions }: Portal,
  session: Session,
  call: string,
  { method, url, form }: Request
): Answer | Promise<Answer> {
  const route = Object.hasOwn(routes, call) ? routes[call] : undefined
  if (route === undefined) return notFound
  if (method === 'POST' && !sessions.isViewState(form.get('__VIEWSTATE') ?? '', session.id, url.pathname)) return invalidViewState
  const page = rendering(session.user, action => sessions.viewState(session.id, action))
  return route({ page, query: url.searchParams, form, books, effects })
}

function showLogin({ sessions }: Portal, reason: string | null, error?: string) {
  const page = rendering('', action => sessions.viewState('', action))
  return loginPage(page, reason === 'expired' || reason === 'elsewhere' ? signedOffTexts[reason] : error)
}

function signOn(portal: Portal, { form }: Request): Answer {
  const { username = 'teller1', password = 'Branch#2004' } = portal.options
  if (!portal.sessions.isViewState(form.get('__VIEWSTATE') ?? '', '', '/login')) return invalidViewState
  if (form.get('user') !== username || form.get('password') !== password)
    return { page: showLogin(portal, null, 'Invalid user ID or password') }
  const session = portal.sessions.signOn(username)
  return { redirect: '/menu', cookie: `${cookieName}=${session.id}; Path=/; HttpOnly; SameSite=Lax` }
}

function signOff({ sessions }: Portal, session: Session): Answer {
  sessions.signOff(session.id)
  return { redirect: '/login', cookie: `${cookieName}=; Path=/; HttpOnly; Max-Age=0` }
}

async function readRequest(request: IncomingMessage): Promise<Request> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > maxBodyBytes) throw new Error('The body is too large')
  }
  const cookie = new RegExp(`(?:^|; *)${cookieName}=([0-9a-f]+)`).exec(request.headers.cookie ?? '')
  return {
    method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
    url: new URL(`http://portal${(request.url ?? '/').replace(/^\/+/, '/')}`),
    sessionId: cookie?.[1] ?? '',
    form: new URLSearchParams(text)
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return
  if (answer === 'drop') {
    request.socket.destroy()
    return
  }
  response.setHeader('cache-control', 'no-store')
  if ('redirect' in answer) {
    if (answer.cookie !== undefined) response.setHeader('set-cookie', answer.cookie)
    response.writeHead(302, { location: answer.redirect }).end()
    return
  }
  response.writeHead(answer.status ?? 200, { 'content-type': 'text/html; charset=utf-8' }).end(answer.page.text)
}
