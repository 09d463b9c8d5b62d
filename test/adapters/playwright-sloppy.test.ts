/** Answers that are written carelessly, to the request that commits: what Chromium takes is taken, and reaches the page. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { exchangeOnce } from '../../adapters/playwright/exchange.ts'
import { type Answer, answersWith } from '../sandbox/hard-pages/sloppy/answers.ts'
import { type SloppyServer, startSloppyServer } from '../sandbox/hard-pages/sloppy/server.ts'
import { callOf, type Output, parseAction } from './playwright/harness.ts'

const adapter = createAdapter()
const page = '<html><body><p id=done>Saved</p></body></html>'
const bytes = (text: string): Answer => ({ bytes: Buffer.from(text, 'latin1') })
const redirect = (lines: string) => bytes(`HTTP/1.1 302 Found\r\n${lines}\r\nContent-Length: 0\r\n\r\n`)
const table = answersWith(page, 'text/html')
const answers: Readonly<Record<string, Answer>> = {
  ...table,
  'an address beyond ASCII': redirect('Location: /done?n=M\u00fcller x'),
  'an address twice': redirect('Location: /done\r\nLocation: /done'),
  'a folded address': redirect('Location:\r\n /done'),
  'a cookie beyond ASCII': bytes(
    `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=M\u00fcller\r\nSet-Cookie: b=2\r\n\r\n${page}`
  ),
  'a refresh': bytes('HTTP/1.1 200 OK\nContent-Type: text/html\nRefresh: 0;url=/done\n\nok'),
  'two types': bytes(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\nX-A: 1\r\nX-A: 2\r\n\r\n${page}`),
  'a page without a type': bytes(`HTTP/1.1 200 OK\r\n\r\n${page}`)
}
const form = (path: string) =>
  bytes(
    `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<form method=post action="${encodeURIComponent(path)}"><button>Save</button></form>`
  )

const twice = redirect('Location: /done\r\nLocation: /other')

let server: SloppyServer

beforeAll(async () => {
  server = await startSloppyServer((path, method) => {
    if (path.startsWith('/done')) return bytes(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n${page}`)
    if (path === '/two addresses' && method === 'POST') return twice
    return method === 'POST' ? answers[path.slice(1)] : form(path.slice(1))
  })
})
afterAll(async () => {
  await adapter.close()
  await server.close()
})

const exchange = (path: string) =>
  exchangeOnce({
    method: 'POST',
    url: new URL(`${server.url}/${encodeURIComponent(path)}`),
    headers: {},
    body: Buffer.from('a=1'),
    reach: undefined,
    signal: AbortSignal.timeout(20_000),
    commit: async () => undefined
  })

describe('the exchange', () => {
  test.each(Object.entries(table))('%s', async (path, { why }) => {
    if (why === undefined) expect((await exchange(path)).body.toString()).toBe(page)
    else {
      const error: unknown = await exchange(path).catch(error => error)
      expect((error as Error).message).toMatch(why)
      expect((error as Error).message).toContain('write via: browser at commit')
    }
  })
})

describe('the page', () => {
  const paths = [
    ...[
      'data after it',
      'folded headers',
      'no status',
      'a name with signs',
      'a control character',
      'letters beyond ASCII',
      'one length twice'
    ],
    ...Object.keys(answers).slice(Object.keys(table).length)
  ]

  async function save(path: string) {
    const steps = [
      { goto: `/${encodeURIComponent(path)}` },
      { click: { role: 'button', name: 'Save' }, commit: { request: 'POST /*' } },
      { extract: { got: { css: '#done' } } }
    ]
    const parsed = parseAction(adapter, { effect: 'write', steps }, { timeout: '10s' })
    expect(parsed.issues).toEqual([])
    server.requests.length = 0
    return adapter.run(callOf(parsed.steps, { url: server.url })) as Promise<Output>
  }

  test.each(paths)('%s', async path => {
    expect(await save(path)).toEqual({ got: 'Saved' })
    if (path === 'an address beyond ASCII') expect(server.requests.at(-1)).toContain('/done?n=M')
  })

  test('two addresses lead nowhere, and the error says so', async () => {
    const error: unknown = await save('two addresses').catch(error => error)
    expect((error as Error).message).toContain('names location twice, differently')
  })

  test('what is not whole leaves an unknown outcome, and says why', async () => {
    const error: unknown = await save('a length that half of it has').catch(error => error)
    expect((error as Error).message).toMatch(/closed the connection after 23 of 46 bytes.*write via: browser at commit/)
  })
})
