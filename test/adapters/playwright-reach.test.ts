/** A bot that came over HTTP does not get a browser of ours to where it could not get itself. */

import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { BrowserHolder } from '../../adapters/playwright/browser.ts'
import { egressProxy } from '../../adapters/playwright/egress.ts'
import { exchangeOnce } from '../../adapters/playwright/exchange.ts'
import { type JudgingProxy, openJudgingProxy } from '../../adapters/playwright/judging-proxy.ts'
import type { Reach } from '../../src/index.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const browsers = new BrowserHolder({})
const adapter = createAdapter()
let site: Site
let other: Site
/** A name that leads to this machine, as one does whose owner has changed his mind. */
const named = ({ url }: Site) => url.replace('127.0.0.1', 'localhost')
beforeAll(async () => {
  site = await startSite({
    '/home': '<h1>Home</h1>',
    '/away': (_, response) => void response.writeHead(302, { location: `${other.url}/secret` }).end(),
    '/paid': '<p>Paid</p>'
  })
  other = await startSite({ '/secret': '<h1>Secret</h1>' })
})
afterAll(async () => {
  await adapter.close()
  await browsers.close()
  await Promise.all([site.close(), other.close()])
})

interface Going {
  readonly url: string
  readonly egress?: readonly string[]
  readonly reach: Reach | undefined
}

/** The title of a page, or the error. */
const go = ({ url, egress = [url], reach }: Going): Promise<unknown> => {
  const parsed = parseAction(adapter, { steps: [{ goto: `${url}/home` }, { extract: { title: { css: 'h1' } } }] })
  const call = callOf(parsed.steps, { url, egress })
  return adapter.run({ ...call, target: { ...call.target, reach } }).catch((error: unknown) => error)
}

describe('a login', () => {
  const home = { title: 'Home' }
  const nowhere = { origins: [] }
  const refused = (why: string) => ({
    code: 'target_failed',
    retryable: false,
    message: expect.stringMatching(new RegExp(`^nothing was sent: .*${why}`)),
    hint: expect.stringContaining('TARGET_ORIGINS')
  })

  test('of a bot over HTTP opens on a private network where its origin is listed alone', async () => {
    expect(await go({ url: site.url, reach: nowhere })).toMatchObject(refused('is no public address'))
    expect(await go({ url: named(site), reach: { origins: [site.url] } })).toMatchObject(refused('is no public address'))
    expect(await go({ url: site.url, egress: [site.url, other.url], reach: { origins: [site.url] } })).toMatchObject(refused(other.url))
    expect(await go({ url: site.url, reach: { origins: [site.url] } })).toEqual(home)
    expect(site.requests).toEqual(['GET /home', 'GET /favicon.ico'].slice(0, site.requests.length))
  })

  test('of a bot from a file opens anywhere, but on no metadata service; and lends its pages to no other bot', async () => {
    expect(await go({ url: site.url, reach: undefined })).toEqual(home)
    expect(await go({ url: site.url, reach: nowhere })).toMatchObject(refused('is no public address'))
    for (const reach of [undefined, { origins: ['http://169.254.169.254'] }])
      expect(await go({ url: 'http://169.254.169.254', reach })).toMatchObject(refused('cloud metadata'))
  })
})

test('the browser takes every way out through us that an operator has not listed, also one to this machine', async () => {
  const proxy = await openJudgingProxy({ reach: { origins: [site.url] }, egress: [site.url, other.url] })
  const { browser } = await browsers.get()
  const way = { url: site.url, egress: [other.url], direct: [], server: proxy.server }
  const context = await browser.newContext({ proxy: egressProxy(way) })
  const page = await context.newPage()
  await page.goto(`${site.url}/home`)
  expect(await page.textContent('h1')).toBe('Home')
  // Each in a page of its own: the browser's error page comes a little later, in the way of the next one.
  const failure = async (url: string) =>
    (await context.newPage()).goto(url).then(
      () => 'it opened',
      (error: Error) => error.message
    )
  for (const url of [`${other.url}/secret`, `${site.url}/away`, `${named(other)}/secret`, 'http://169.254.169.254/'])
    expect(await failure(url)).toContain('ERR_SOCKS_CONNECTION_FAILED')
  const asked = page.evaluate(async url => {
    const fetched = await fetch(`${url}/secret`, { mode: 'no-cors' }).then(
      () => 'fetched',
      () => 'refused'
    )
    const socket = new WebSocket(url.replace('http', 'ws'))
    return [
      fetched,
      await new Promise(resolve => Object.assign(socket, { onopen: () => resolve('open'), onerror: () => resolve('refused') }))
    ]
  }, other.url)
  expect(await asked).toEqual(['refused', 'refused'])
  expect(other.requests).toEqual([])
  await context.close()
  proxy.close()
})

/** One listener that says what it heard: the first bytes, and those after the greeting. */
describe('the way out of pages', () => {
  let proxy: JudgingProxy
  let echo: Server
  let port = 0
  beforeAll(async () => {
    echo = createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    port = (echo.address() as { port: number }).port
    const open = [`http://listed.localhost:${port}`, `http://127.0.0.1:${port}`]
    proxy = await openJudgingProxy({
      reach: { origins: open },
      egress: [...open, `http://localhost:${port}`, `http://[::ffff:7f00:1]:${port}`, 'http://169.254.169.254']
    })
  })
  afterAll(() => {
    proxy.close()
    echo.close()
  })

  /** What it answers to `host`; after `succeeded`, what comes back of a word. */
  async function ask(host: Buffer, to = port): Promise<number | string> {
    const socket = connect(Number(new URL(proxy.server).port), '127.0.0.1')
    const ports = Buffer.from([to >> 8, to & 255])
    socket.write(Buffer.concat([Buffer.from([5, 1, 0, 5, 1, 0]), host, ports]))
    const heard: Buffer[] = []
    for await (const chunk of socket) {
      heard.push(chunk as Buffer)
      const all = Buffer.concat(heard)
      if (all.length === 12 && all[3] === 0) socket.end('word')
    }
    const all = Buffer.concat(heard)
    return all[3] === 0 ? all.subarray(12).toString() : (all[3] ?? -1)
  }
  const name = (text: string) => Buffer.from([3, text.length, ...Buffer.from(text)])
  const ip4 = (...bytes: readonly number[]) => Buffer.from([1, ...bytes])
  const mapped = Buffer.from([4, ...Array(10).fill(0), 255, 255, 127, 0, 0, 1])

  test.each([
    ['a listed address', () => ask(ip4(127, 0, 0, 1)), 'word'],
    ['a listed name', () => ask(name('127.0.0.1')), 'word'],
    ['a name that leads to a private address', () => ask(name('localhost')), 2],
    ['the same address, mapped', () => ask(mapped), 2],
    ['the metadata service', () => ask(ip4(169, 254, 169, 254), 80), 2],
    ['another port', () => ask(ip4(127, 0, 0, 1), 1), 2],
    ['an origin outside of egress', () => ask(name('example.com'), 80), 2]
  ])('%s', async (_, work, answer) => expect(await work()).toBe(answer))

  test('a client that says something else, or nothing more, is let go', async () => {
    const socket = connect(Number(new URL(proxy.server).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(Buffer.from([5, 0, 5, 2, 0]))
    socket.end(Buffer.from([9]))
    for await (const _ of socket.resume()) break
    expect(socket.destroyed || socket.readableEnded).toBe(true)
  })
})

test('the committing request is judged where it leaves', async () => {
  const leave = (url: string, reach: Reach | undefined) => {
    let committed = 0
    const work = exchangeOnce({
      method: 'POST',
      url: new URL(url),
      headers: {},
      body: null,
      reach,
      signal: AbortSignal.timeout(10_000),
      commit: async () => void committed++
    })
    return work.then(
      ({ status }) => [status, committed],
      (error: Error) => [error.message, committed]
    )
  }
  const nowhere = { origins: [] }
  const refused = [expect.stringContaining('is no public address'), 0]
  expect(await leave(`${site.url}/paid`, nowhere)).toEqual(refused)
  expect(await leave(`${named(site)}/paid`, nowhere)).toEqual(refused)
  expect(await leave('http://169.254.169.254/', undefined)).toEqual([expect.stringContaining('cloud metadata'), 0])
  expect(await leave(`${named(site)}/paid`, { origins: [named(site)] })).toEqual([200, 1])
  expect(await leave(`${site.url}/paid`, undefined)).toEqual([200, 1])
})
