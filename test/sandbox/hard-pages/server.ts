/**
 * A small server of pages that are hard to drive: one file beside this one for each kind. A kind lives under its own name
 * (`/frameset/…`) and has logins of its own, which a test can end.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { JsonObject } from '../../../src/index.ts'

export interface Visit {
  readonly method: string
  /** Without the name of the kind: `/orders`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly form: URLSearchParams
  readonly isIn: boolean
  /** Begins a session, whose cookie goes with the answer. */
  logIn(): void
}

export interface Answer {
  readonly status?: number
  /** Where to go instead. */
  readonly to?: string
  readonly html?: string
  /** In place of `html`: not in a page. */
  readonly raw?: string
  readonly waitMs?: number
}

/** One kind of hard pages, and what a manifest says of it. */
export interface Kind {
  readonly target: JsonObject
  answer(visit: Visit): Answer
}

export interface HardPages {
  readonly url: string
  /** `POST /one-path/index.php?route=login`, in their order. */
  readonly requests: string[]
  /** How often somebody got in. */
  logins(kind: string): number
  /** Ends all sessions of the kind. */
  expire(kind: string): void
  close(): Promise<void>
}

export const right = { username: 'ada', password: 'correct-horse' }

/** Which fields the login has, and where it is sent. */
export const loginForm = (action: string, more = ''): string =>
  `<form method=post action="${action}"><label>User ID <input name=user></label><label>Password <input type=password name=password></label><button>Sign on</button></form>${more}`

export const isRight = (form: URLSearchParams): boolean => form.get('user') === right.username && form.get('password') === right.password

/** The login of a manifest that fills these fields. */
export const loginAt = (address: string): JsonObject[] => [
  { goto: address },
  { fill: { label: 'User ID', value: '{{ credentials.username }}' } },
  { fill: { label: 'Password', value: '{{ credentials.password }}' } },
  { click: { role: 'button', name: 'Sign on' } }
]

export async function startHardPages(kinds: Readonly<Record<string, Kind>>): Promise<HardPages> {
  const requests: string[] = []
  const sessions = new Map<string, Set<string>>()
  const counts = new Map<string, number>()
  const server = createServer(async (request, response) => {
    const { name, visit, cookie } = await visitOf(request, sessions)
    requests.push(`${request.method} ${request.url}`)
    const kind = kinds[name]
    if (kind === undefined) return void response.writeHead(404).end()
    const answer = kind.answer(visit)
    if (cookie() !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    if (answer.waitMs !== undefined) await new Promise(resolve => setTimeout(resolve, answer.waitMs))
    send(response, answer, cookie())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    requests,
    logins: kind => counts.get(kind) ?? 0,
    expire: kind => sessions.get(kind)?.clear(),
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    }
  }
}

async function visitOf(request: IncomingMessage, sessions: Map<string, Set<string>>) {
  const url = new URL(request.url ?? '/', 'http://here')
  const [, name = '', ...rest] = url.pathname.split('/')
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  const open = sessions.get(name) ?? new Set<string>()
  sessions.set(name, open)
  const known = new RegExp(`${name}=(\\w+)`).exec(request.headers.cookie ?? '')?.[1] ?? ''
  let made: string | undefined
  const visit: Visit = {
    method: request.method ?? '',
    path: `/${rest.join('/')}`,
    query: url.searchParams,
    form: new URLSearchParams(body),
    isIn: open.has(known),
    logIn: () => {
      made = randomBytes(8).toString('hex')
      open.add(made)
    }
  }
  return { name, visit, cookie: () => (made === undefined ? undefined : `${name}=${made}; Path=/`) }
}

function send(response: ServerResponse, { status = 200, to, html = '', raw }: Answer, cookie: string | undefined): void {
  if (cookie !== undefined) response.setHeader('set-cookie', cookie)
  if (to !== undefined) return void response.writeHead(302, { location: to }).end()
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(raw ?? `<!doctype html><meta charset=utf-8><title>Hard pages</title>${html}`)
}
