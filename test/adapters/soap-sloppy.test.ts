/** Answers that are written carelessly, over SOAP: by reads, which keep their connections, and by the call that commits. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { type Answer, answersWith } from '../sandbox/hard-pages/sloppy/answers.ts'
import { type SloppyServer, startSloppyServer } from '../sandbox/hard-pages/sloppy/server.ts'
import { compile, failure, type Manifest, newCall } from './soap/fixture.ts'
import { envelope } from './soap/raw-server.ts'

const adapter = createAdapter()
const message = envelope('<DoResponse xmlns="urn:t"><note>Gr\u00fc\u00dfe</note></DoResponse>')
const said = (headers: string, body: Buffer | string): Answer => ({
  bytes: Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers}Connection: close\r\n\r\n`), Buffer.from(body)])
})
const withEncoding = (name: string) => message.replace('"1.0"', `"1.0" encoding="${name}"`)
const answers: Readonly<Record<string, Answer>> = {
  ...answersWith(envelope('<DoResponse xmlns="urn:t"><note>Hello</note></DoResponse>'), 'text/xml; charset=utf-8'),
  'SOAP that is called HTML': said('Content-Type: text/html\r\n', message),
  'no type': said('', message),
  'a type that is none': said('Content-Type: xml\r\n', message),
  'UTF-16 without a mark': said('Content-Type: text/xml\r\n', Buffer.from(message, 'utf16le')),
  'UTF-16, the other way round': said('Content-Type: text/xml\r\n', Buffer.from(message, 'utf16le').swap16()),
  'a character set that the bytes contradict': said(
    'Content-Type: text/xml; charset=utf-8\r\n',
    Buffer.from(withEncoding('ISO-8859-1'), 'latin1')
  ),
  'a character set in single quotes': said("Content-Type: text/xml; charset='utf-8'\r\n", message),
  'lines before the declaration': said('Content-Type: text/xml\r\n', `\r\n\n${message}`)
}

let server: SloppyServer

beforeAll(async () => {
  server = await startSloppyServer(path => answers[path.slice(1)])
})
afterAll(async () => {
  await adapter.close()
  await server.close()
})

const action = (more: JsonObject): JsonObject => ({
  operation: 't:Do',
  input: { type: 'object', properties: {} },
  output: { type: 'object', properties: { note: { type: 'string' } } },
  ...more
})
const manifest: Manifest = {
  bot: 'b',
  env: [],
  target: { url: 'http://127.0.0.1', namespaces: { t: 'urn:t' } },
  actions: { read: action({ effect: 'read' }), pay: action({ effect: 'write', commit: true }) }
}

async function call(name: 'read' | 'pay', path: string) {
  const { plan, issues } = compile(manifest, name)
  expect(issues).toEqual([])
  server.requests.length = 0
  const recorded = newCall({ plan, url: `${server.url}/${encodeURIComponent(path)}` })
  return { recorded, work: adapter.run(recorded.call) }
}

const whole = Object.entries(answers).filter(([, { why }]) => why === undefined)
const cut = Object.entries(answers).flatMap(([name, { why }]) => (why === undefined ? [] : [[name, why] as const]))

describe.each(['read', 'pay'] as const)('%s', name => {
  test.each(whole.map(([path]) => path))('%s is taken', async path => {
    const { work } = await call(name, path)
    expect(await work).toEqual({ note: expect.stringMatching(/^(Hello|Gr\u00fc\u00dfe)$/) })
    if (name === 'pay') expect(server.requests).toHaveLength(1)
  })

  test.each(cut)('%s says what is wrong', async (path, why) => {
    const { work, recorded } = await call(name, path)
    const error = await failure(work)
    expect(error).toMatchObject({ name: 'RetrofitError', effect: name === 'pay' ? 'unknown' : 'none' })
    expect(error.message).toMatch(why)
    if (name === 'pay') expect([server.requests.length, recorded.commits]).toEqual([1, 1])
  })
})

test('what is known to be sloppy is asked once from then on', async () => {
  const again = await call('read', 'LF alone')
  await again.work
  expect(server.requests).toHaveLength(1)
})
