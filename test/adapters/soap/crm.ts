/** A service with a login whose answer's token, cookie and address later calls need; and the manifest for it. */
import type { ServerResponse } from 'node:http'
import type { JsonObject } from '../../../src/index.ts'
import { compile, type Manifest } from './fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './raw-server.ts'

const uri = 'urn:crm'
const texts = (...names: readonly string[]): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(names.map(name => [name, { type: 'string' }]))
})

export const crmLogin: JsonObject = {
  operation: 'c:login',
  request: { schema: texts('user', 'password'), body: { user: '{{ credentials.username }}', password: '{{ credentials.password }}' } },
  response: { schema: texts('sessionId', 'userId', 'serverUrl') },
  keep: { token: '{{ response.sessionId }}' },
  expired: [{ faultcode: 'INVALID_SESSION' }]
}

/** Later calls send the token in a header. */
export const inHeader: JsonObject = { headers: { 'c:SessionHeader': { 'c:sessionId': '{{ login.token }}' } } }

export function crm(target: JsonObject = {}, action: JsonObject = {}): Manifest {
  return {
    bot: 'crm',
    env: [],
    target: { credentials: 'crm', namespaces: { c: uri }, login: crmLogin, ...inHeader, ...target },
    actions: {
      read: { effect: 'read', operation: 'c:read', input: texts('id'), output: texts('name'), ...action },
      write: { effect: 'write', commit: true, operation: 'c:write', input: texts('id'), output: texts('name'), ...action }
    }
  }
}

export function planOf(manifest: Manifest, name = 'read'): ReturnType<typeof compile>['plan'] {
  const { plan, issues } = compile(manifest, name)
  if (issues.length > 0) throw new Error(JSON.stringify(issues))
  return plan
}

export interface CrmServer extends RawServer {
  /** The sessions that are good now. */
  readonly sessions: Set<string>
  logins: number
  reads: number
  /** Effects. */
  readonly written: string[]
  /** Of the login's answer. */
  cookie: string | undefined
  serverUrl: string
  password: string
  /** How it tells that a session is over. */
  over: (response: ServerResponse) => void
}

export const fault = (code: string, text: string): string =>
  envelope(`<e:Fault><faultcode>${code}</faultcode><faultstring>${text}</faultstring></e:Fault>`)
const refused = xml(fault('INVALID_LOGIN', 'wrong name or password'), 500)
export const invalidSession = xml(fault('INVALID_SESSION', 'the session is over'), 500)

export async function startCrm(password: string): Promise<CrmServer> {
  const raw = await startRawServer()
  const state = { sessions: new Set<string>(), logins: 0, reads: 0, written: [], cookie: undefined, serverUrl: '', password }
  const server: CrmServer = Object.assign(raw, state, { over: invalidSession })
  raw.answer = (response, body) => {
    const named = (name: string) => new RegExp(`<(?:\\w+:)?${name}[^>]*>([^<]*)<`).exec(body)?.[1] ?? ''
    if (body.includes(':login')) return logIn(server, response, named)
    const cookie = /sid=([\w-]+)/.exec(raw.seen.at(-1)?.headers.cookie ?? '')?.[1]
    if (!server.sessions.has(cookie ?? named('sessionId'))) return server.over(response)
    const operation = body.includes(':write') ? 'write' : 'read'
    if (operation === 'write') server.written.push(named('id'))
    else server.reads += 1
    xml(envelope(`<r:${operation}Response xmlns:r="${uri}"><r:name>${named('id')}</r:name></r:${operation}Response>`))(response)
  }
  return server
}

function logIn(server: CrmServer, response: ServerResponse, named: (name: string) => string): void {
  server.logins += 1
  if (named('password') === server.password) giveSession(server, response)
  else refused(response)
}

function giveSession(server: CrmServer, response: ServerResponse): void {
  const id = `session-${server.logins}-abcdefghij`
  server.sessions.add(id)
  const headers: Record<string, string> = server.cookie === undefined ? {} : { 'set-cookie': server.cookie.replace('ID', id) }
  const given = `<r:sessionId>${id}</r:sessionId><r:userId>U-17</r:userId><r:serverUrl>${server.serverUrl}</r:serverUrl>`
  xml(envelope(`<r:loginResponse xmlns:r="${uri}">${given}</r:loginResponse>`), 200, headers)(response)
}
