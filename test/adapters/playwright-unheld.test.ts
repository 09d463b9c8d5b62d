/** Every way in which a page can send something: a gate holds it, or the run is marked because nobody can tell, or the browser has no such way. */
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { callOf, type Output, parseAction } from './playwright/harness.ts'

/** What a button does; each run has an effect of its own, `/pay?` and its number. */
const ways: Readonly<Record<string, string>> = {
  message: `ws.send('pay')`,
  socket: `new WebSocket(location.origin.replace('http','ws')+'/pay')`,
  link: `const a=document.createElement('a');a.href='/pay';a.download='x';document.body.append(a);a.click()`,
  fetch: `fetch('/pay',{method:'POST',body:'x'})`,
  beacon: `navigator.sendBeacon('/pay','x')`,
  keepalive: `fetch('/pay',{method:'POST',keepalive:true,body:'x'})`,
  ping: `const a=document.createElement('a');a.href='#x';a.ping='/pay';document.body.append(a);a.click()`,
  worker: `worker.postMessage('')`,
  frame: `const f=document.createElement('iframe');f.src='/pay';document.body.append(f)`,
  renamed: `fetch('/api/v2/pay',{method:'POST',body:'x'})`,
  reports: `navigator.sendBeacon('/seen','x');fetch('/seen');ws.send('ping')`,
  gone: `fetch('/api/check',{method:'POST'}).then(()=>{location.href='/login'})`,
  both: `navigator.sendBeacon('/seen','x');fetch('/pay',{method:'POST',body:'x'})`,
  rivals: `fetch('/log',{method:'POST'});fetch('/pay',{method:'POST',body:'x'})`,
  nothing: ''
}

/** What the server got that may be the effect, by the number of the run. */
const got = new Map<string, string[]>()
const gotOf = (id: string): string[] => got.get(id) ?? got.set(id, []).get(id) ?? []
const visits: string[] = []
const sockets = new Set<Socket>()
let server: Server
let url = ''
const adapter = createAdapter()

beforeAll(async () => {
  server = createServer((request, response) => {
    const { method = '' } = request
    const { pathname: path, search } = new URL(request.url ?? '', url)
    visits.push(`${method} ${path}`)
    const html = (text: string) => void response.writeHead(200, { 'content-type': 'text/html' }).end(text)
    if (path === '/worker.js')
      return void response
        .writeHead(200, { 'content-type': 'text/javascript' })
        .end(`onmessage=()=>fetch('/pay${search}',{method:'POST',body:'x'})`)
    if (path === '/login') return html('<form action=/home method=post><button>Log in</button></form>')
    if (path === '/home') return html('<p id=in>Welcome</p>')
    if (path.startsWith('/page/'))
      return html(`<button onclick="go()">Go</button><p id=in>In</p><p id=has></p><p id=out></p><p id=state></p><script>
        const worker=new Worker('/worker.js${search}'),ws=new WebSocket(location.origin.replace('http','ws')+'/ws${search}')
        ws.onmessage=()=>{out.textContent='paid'};ws.onopen=()=>{state.textContent='open'}
        has.textContent=[typeof SharedWorker,typeof fetchLater].join()
        function go(){${ways[path.slice('/page/'.length)]?.replaceAll("/pay'", `/pay${search}'`)}}</script>`)
    if (path.includes('pay')) gotOf(search.slice(1)).push(`${method} ${path}`)
    html('<h1>ok</h1>')
  })
  server.on('upgrade', ({ url: address = '', headers }, socket: Socket) => {
    const { pathname: path, search } = new URL(address, url)
    sockets.add(socket)
    socket.on('error', () => {})
    if (path === '/pay') gotOf(search.slice(1)).push('a socket')
    // RFC 6455, section 1.3.
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.on('data', (data: Buffer) => {
      if (data[0] !== 0x81) return
      gotOf(search.slice(1)).push('a message')
      socket.write(Buffer.from([0x81, 4, ...Buffer.from('done')]))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await adapter.close()
  for (const socket of sockets) socket.destroy()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const click = { click: { role: 'button', name: 'Go' } }

let runs = 0

/** Clicks, and says what the target had at the commit point. */
async function go(
  way: string,
  commit: JsonObject | true,
  { step = click as JsonObject, rest = [] as JsonObject[], target = {}, timeout = '15s' } = {}
) {
  const id = String(++runs)
  const steps = [{ goto: `/page/${way}?${id}` }, { waitFor: { text: 'open' } }, { ...step, commit, timeout }, ...rest]
  const parsed = parseAction(adapter, { effect: 'irreversible', steps }, { timeout: '20s', ...target })
  expect(parsed.issues).toEqual([])
  let before: readonly string[] | undefined
  const call = callOf(parsed.steps, {
    digest: JSON.stringify(target),
    url,
    concurrency: 12,
    deadlineMs: 55_000,
    commit: async () => {
      await sleep(200)
      before = [...gotOf(id)]
    }
  })
  const outcome = await adapter.run(call).then(
    output => output as Output,
    error => error as Error
  )
  return { call, outcome, before, got: gotOf(id) }
}

describe('the gate holds', () => {
  test.each(['fetch', 'keepalive', 'worker', 'frame', 'both'])('%s', async way => {
    const { outcome, before, call, got } = await go(way, true)
    expect([outcome, before, call.seen.commits, got.length]).toEqual([{}, [], 1, 1])
  })
})

test('two at once that may be it: one is stopped, and nobody says that it is done', async () => {
  const { outcome, call, got } = await go('rivals', true)
  expect(outcome).toMatchObject({ effect: 'unknown', message: expect.stringContaining('POST /pay was stopped: name the one') })
  expect([got, call.seen.commits, call.seen.sent?.split('\n')[0]]).toEqual([[], 1, 'POST /log'])
})

/** What the target gets while the committing request does not come, and what is said of it; undefined where it is not the effect. */
const silent: readonly (readonly [way: string, commit: JsonObject | true, there?: string, what?: string])[] = [
  ['message', true, 'a message', 'a message through the WebSocket /ws'],
  ['socket', true, 'a socket', 'a message through the WebSocket /pay'],
  ['link', true, 'GET /pay', 'GET /pay'],
  ['link', { request: 'GET /pay' }, 'GET /pay', 'GET /pay'],
  ['beacon', true, 'POST /pay', 'POST /pay'],
  ['ping', true, 'POST /pay', 'POST /pay'],
  ['renamed', { request: 'POST /pay' }, 'POST /api/v2/pay', 'POST /api/v2/pay'],
  ['reports', { request: 'POST /pay' }],
  ['nothing', { request: 'POST /pay' }],
  ['nothing', true]
]

describe('what no gate holds', () => {
  const outcomes: ReturnType<typeof go>[] = []
  // All at once: each lets the time of its step pass.
  beforeAll(() => {
    outcomes.push(...silent.map(([way, commit]) => go(way, commit)))
  })

  test.each(silent.map(([way, commit, there, what], index) => [way, commit, there, what, index] as const))(
    '%s, with commit: %j',
    async (_way, _commit, there, what, index) => {
      const { outcome, call, got } = await (outcomes[index] as ReturnType<typeof go>)
      if (what === undefined) {
        expect((outcome as Error).message).toContain('no request left the page')
        expect(call.seen.commits).toBe(0)
      } else {
        expect(outcome).toMatchObject({
          code: 'target_failed',
          effect: 'unknown',
          message: expect.stringContaining(`${what} left the page`)
        })
        expect([got, call.committed, call.seen.sent]).toEqual([[there], true, what])
      }
    }
  )

  test('a request on which the target shows its login page: logged in again, and started anew', async () => {
    const target = { login: [{ goto: '/login' }, { click: { role: 'button', name: 'Log in' } }], ready: { css: '#in' } }
    const { outcome, call } = await go('gone', { request: 'POST /pay' }, { target })
    expect(outcome).toMatchObject({ message: expect.stringContaining('also after a new login') })
    expect([visits.filter(visit => visit === 'POST /home').length, call.seen.commits]).toEqual([2, 0])
  })
})

describe('via: any', () => {
  test('the run is marked before the step, which sends as it likes', async () => {
    const { outcome, before, call, got } = await go('message', { via: 'any' }, { rest: [{ expect: { css: '#out', value: 'paid' } }] })
    expect([outcome, before, got, call.seen.commits, call.seen.sent]).toEqual([{}, [], ['a message'], 1, 'click role "button" name "Go"'])
  })

  test('a link with `download`: its file is kept', async () => {
    const { outcome, before, got } = await go('link', { via: 'any' }, { step: { download: { role: 'button', name: 'Go', as: 'file' } } })
    expect([outcome, before, got]).toEqual([{ file: { artifact: 'file', file: 'x.html', bytes: 11 } }, [], ['GET /pay']])
  })

  test('what the step checks is checked before: nothing was done where it fails', async () => {
    const { outcome, call, got } = await go('message', { via: 'any' }, { step: { click: { role: 'button', name: 'Nope' } }, timeout: '2s' })
    expect([(outcome as { code?: string }).code, call.seen.commits, got]).toEqual(['target_failed', 0, []])
  })

  test('what fails after it leaves an unknown outcome', async () => {
    const { call, got } = await go('message', { via: 'any' }, { rest: [{ expect: { css: '#has', value: 'other' }, timeout: '1s' }] })
    expect([call.committed, got]).toEqual([true, ['a message']])
  })

  test('and names no request', () => {
    const { issues } = parseAction(adapter, { effect: 'write', steps: [{ ...click, commit: { via: 'any', request: 'POST /pay' } }] })
    expect(issues.join()).toContain('via: any holds no request')
  })
})

test('what sends without a page is not there', async () => {
  const parsed = parseAction(adapter, { steps: [{ goto: '/page/nothing' }, { extract: { has: { css: '#has' } } }] })
  expect(await adapter.run(callOf(parsed.steps, { url }))).toEqual({ has: 'undefined,undefined' })
})
