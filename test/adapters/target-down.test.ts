/** Which failures of an adapter are the target's own: those alone open its breaker. */
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter as createPlaywright } from '../../adapters/playwright/adapter.ts'
import { createAdapter as createSoap } from '../../adapters/soap/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { freePort } from '../setup/free-port.ts'
import { callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'
import { compile, type Manifest, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'

/** Takes connections and never answers, or ends them at the first byte. */
async function startMute(onData?: (socket: Socket) => void): Promise<{ readonly url: string; readonly server: Server; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => onData?.(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`, server, close }
}

const flagOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { readonly targetDown?: unknown }) => error.targetDown ?? false
  )

let hanging: Awaited<ReturnType<typeof startMute>>
let resetting: Awaited<ReturnType<typeof startMute>>
let nowhere: string
beforeAll(async () => {
  hanging = await startMute()
  resetting = await startMute(socket => socket.resetAndDestroy())
  nowhere = `http://127.0.0.1:${await freePort()}/`
})
afterAll(() => {
  hanging.close()
  resetting.close()
})

describe('soap', () => {
  const adapter = createSoap()
  let server: RawServer
  beforeAll(async () => {
    server = await startRawServer()
  })
  afterAll(async () => {
    await adapter.close()
    await server.close()
  })

  const schema = { type: 'object', properties: { id: { type: 'integer' } } }
  const manifest = (target: JsonObject, timeout: string): Manifest => ({
    bot: 'down',
    env: [],
    target: { url: 'http://x/', namespace: 'urn:d', ...target },
    actions: { look: { effect: 'read', operation: 'Look', timeout, input: schema, output: schema } }
  })
  // Long enough for a busy machine, where it is not about time.
  const run = (url: string, options: { target?: JsonObject; credentials?: Record<string, string>; timeout?: string } = {}) => {
    const { plan, issues } = compile(manifest(options.target ?? {}, options.timeout ?? '30s'), 'look')
    expect(issues).toEqual([])
    return flagOf(adapter.run(newCall({ plan, url, input: { id: 1 }, credentials: options.credentials ?? {} }).call))
  }
  const fault = (code: string) => envelope(`<e:Fault><faultcode>e:${code}</faultcode><faultstring>No</faultstring></e:Fault>`)

  test.each<[string, Parameters<typeof xml>, boolean]>([
    ['503 without a SOAP message', ['<html/>', 503], true],
    ['500 with a fault of the Server', [fault('Server'), 500], true],
    ['500 with a fault of the Client', [fault('Client'), 500], false],
    ['200 with a fault of the Server', [fault('Server'), 200], false],
    ['404', ['', 404], false],
    ['401', ['', 401], false],
    ['429', ['', 429], false],
    ['501', ['', 501], false],
    ['an answer that is no XML', ['odd', 200], false],
    ['an answer of another kind', [envelope('<a/>'), 200], false]
  ])('%s: %#', async (_, answer, isDown) => {
    server.answer = xml(...answer)
    expect(await run(server.url)).toBe(isDown)
  })

  test('a target that is not there, hangs up, or does not answer in time', async () => {
    expect(await Promise.all([run(nowhere), run(resetting.url), run(hanging.url, { timeout: '300ms' })])).toEqual([true, true, true])
  })

  test('credentials that are missing', async () => {
    expect(await run(server.url, { target: { auth: 'basic', credentials: 'teller' } })).toBe(false)
  })
})

describe('playwright', () => {
  const adapter = createPlaywright()
  let site: Site
  const answers = (status: number) => (_: unknown, response: { statusCode: number; end(text: string): void }) => {
    response.statusCode = status
    response.end('<h1>No</h1>')
    return undefined
  }
  beforeAll(async () => {
    site = await startSite({
      '/': '<h1>Here</h1>',
      '/503': answers(503) as never,
      '/404': answers(404) as never,
      '/login': '<h1>Login</h1>'
    })
  })
  afterAll(async () => {
    await adapter.close()
    await site.close()
  })

  const run = (url: string, steps: readonly JsonObject[], deadlineMs = 30_000) => {
    const parsed = parseAction(adapter, { effect: 'read', steps: [...steps, { extract: { title: { css: 'h1' } } }] })
    expect(parsed.issues).toEqual([])
    return flagOf(adapter.run(callOf(parsed.steps as never, { url, deadlineMs })))
  }

  test.each<[string, string, boolean]>([
    ['a page with status 503', '/503', true],
    ['a page with status 404', '/404', false]
  ])('%s', async (_, path, isDown) => {
    expect(await run(site.url, [{ goto: path }])).toBe(isDown)
  })

  test('an element that is not there', async () => {
    expect(await run(site.url, [{ goto: '/' }, { click: { css: '#none' }, timeout: '300ms' }])).toBe(false)
  })

  test('a target that is not there, hangs up, or does not answer in time', async () => {
    const visit = [{ goto: '/', timeout: '400ms' }]
    expect(await Promise.all([run(nowhere, visit), run(resetting.url, visit), run(hanging.url, visit)])).toEqual([true, true, true])
  })

  test('a caller that gives it too little time says nothing about the target', async () => {
    expect(await run(hanging.url, [{ goto: '/', timeout: '20s' }], 600)).toBe(false)
  })
})
