/** Files and answers without an end, or larger than anybody needs: they fill neither the disk nor the memory of a worker. */
import type { ServerResponse } from 'node:http'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { until } from '../setup/until.ts'
import { type CallOptions, callOf, type Output, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
const piece = Buffer.alloc(1024 * 1024)
let site: Site
/** The answers whose client has gone before their end, by path. */
const cutOff: string[] = []

/** Sends pieces until nobody takes them any more. Some versions of Node report that through the callback alone, at once, and leave `destroyed` false. */
async function pour(path: string, response: ServerResponse, { pauseMs = 0, first = piece } = {}): Promise<void> {
  const closed = new Promise<void>(resolve => response.once('close', () => resolve(void cutOff.push(path))))
  response.write(first)
  let refused = false
  while (!refused && !response.destroyed) {
    const written = new Promise<void>(resolve =>
      response.write(pauseMs === 0 ? piece : '.', error => {
        refused ||= error != null
        resolve()
      })
    )
    // A reader that is slower than this server gets its time: what nobody has read yet would fill this process's memory.
    await Promise.race([written, closed])
    // A callback that comes at once must not keep the event loop from the socket's own events.
    await (pauseMs === 0 ? setImmediate() : sleep(pauseMs))
  }
}

beforeAll(async () => {
  const attachment = { 'content-disposition': 'attachment; filename="file"' }
  const packed = { 'content-type': 'text/html', 'content-encoding': 'gzip' }
  site = await startSite({
    '/form': `<a href=/endless download>Endless</a><a href=/endless-window target=_blank>Window</a><a href=/slow download>Slow</a>
      <a href=/unasked download>Unasked</a><a href=/small download>Small</a><a href=/small>Plain</a><p>Form</p>
      <form method=post action=/poured><button>Pour</button></form><form method=post action=/headed><button>Head</button></form>
      <form method=post action=/packed><button>Pack</button></form><form method=post action=/bomb><button>Bomb</button></form>`,
    '/endless': (_, response) => void pour('/endless', response.writeHead(200, attachment)),
    '/endless-window': (_, response) => void pour('/endless-window', response.writeHead(200, attachment)),
    '/slow': (_, response) => void pour('/slow', response.writeHead(200, attachment), { pauseMs: 20 }),
    '/unasked': (_, response) => void pour('/unasked', response.writeHead(200, attachment), { pauseMs: 20 }),
    '/small': (_, response) => void response.writeHead(200, attachment).end('content'),
    '/poured': (_, response) => void pour('/poured', response.writeHead(200, { 'content-type': 'text/html' })),
    '/packed': (_, response) => void response.writeHead(200, packed).end(gzipSync('<h1>Done</h1>')),
    '/bomb': (_, response) => void response.writeHead(200, packed).end(gzipSync(Buffer.alloc(65 * 1024 * 1024))),
    '/headed': (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/html', 'x-long': 'x'.repeat(100_000) }).end('<h1>Done</h1>')
  })
})
afterAll(async () => {
  await adapter.close()
  await site.close()
})

async function run(steps: readonly JsonObject[], more: JsonObject = {}, options: Partial<CallOptions> = {}) {
  const parsed = parseAction(adapter, { steps: [{ goto: '/form' }, ...steps], ...more }, { timeout: '10s' })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: site.url, ...options })
  return {
    call,
    outcome: await adapter.run(call).then(
      output => output as Output,
      error => error as Error & { code?: string }
    )
  }
}

const untilCutOff = (path: string) => until(`${path} is cut off`, () => cutOff.includes(path))

const link = (name: string) => ({ role: 'link', name })

test.each([
  ['Endless', '/endless'],
  ['Window', '/endless-window']
])('a file without an end is cut off while it comes: %s', async (name, path) => {
  const { outcome, call } = await run([{ download: { ...link(name), as: 'file' } }])
  expect(outcome).toMatchObject({ code: 'target_failed', message: expect.stringMatching(/the file has more than 20 MiB/) })
  expect([...call.seen.artifacts.keys()]).not.toContain('file')
  await untilCutOff(path)
})

test('a file that still comes when its run ends does not come any further', async () => {
  const stop = new AbortController()
  const came = async () => {
    await until('the file comes', () => site.requests.includes('GET /slow'))
    await sleep(300)
    stop.abort(new Error('stopped'))
  }
  void came()
  const { outcome } = await run([{ download: { ...link('Slow'), as: 'file' } }], {}, { signal: stop.signal })
  expect(outcome).toMatchObject({ message: 'stopped' })
  await untilCutOff('/slow')
})

test('a file that no step asked for is refused, and the next step gets the one that it asks for', async () => {
  const { outcome, call } = await run([
    { click: link('Unasked') },
    { waitFor: { text: 'Form' } },
    { download: { ...link('Small'), as: 'file' } }
  ])
  await untilCutOff('/unasked')
  expect(outcome).toEqual({ file: { artifact: 'file', file: 'file', bytes: 7 } })
  expect(String(Buffer.from(call.seen.artifacts.get('file') ?? []))).toBe('content')
})

test('the file that a committing step brings is kept', async () => {
  const { outcome, call } = await run([{ download: { ...link('Plain'), as: 'file' }, commit: true }], { effect: 'irreversible' })
  expect(outcome).toEqual({ file: { artifact: 'file', file: 'file', bytes: 7 } })
  expect(call.seen.commits).toBe(1)
})

test('a click that brings no file says so', async () => {
  const { outcome } = await run([{ download: { css: 'p', as: 'file' }, timeout: '1s' }])
  expect(outcome).toMatchObject({ code: 'target_failed', message: expect.stringMatching(/no file came/) })
})

test('the answer to a commit is read up to its limit', async () => {
  const { outcome, call } = await run([{ click: { role: 'button', name: 'Pour' }, commit: true }], { effect: 'irreversible' })
  expect(outcome).toMatchObject({ message: expect.stringMatching(/the answer has more than 64 MiB/) })
  expect([call.committed, call.seen.commits]).toEqual([true, 1])
  await untilCutOff('/poured')
})

test('and its head may be as long as a browser takes', async () => {
  const steps = [{ click: { role: 'button', name: 'Head' }, commit: true }, { extract: { said: { css: 'h1' } } }]
  const { outcome } = await run(steps, { effect: 'irreversible' })
  expect(outcome).toEqual({ said: 'Done' })
})

test('and it is unpacked where the server packs without being asked', async () => {
  const steps = (name: string) => [{ click: { role: 'button', name }, commit: true }, { extract: { said: { css: 'h1' } } }]
  expect((await run(steps('Pack'), { effect: 'irreversible' })).outcome).toEqual({ said: 'Done' })
  const { outcome, call } = await run(steps('Bomb'), { effect: 'irreversible' })
  expect([(outcome as { code?: string }).code, call.committed]).toEqual(['target_failed', true])
})
