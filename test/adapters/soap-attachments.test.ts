/** Bytes beside the envelope: MTOM, swaRef and MIME parts, sent and read, and multipart messages that nobody should send. */
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { readMultipart } from '../../adapters/soap/attachments/read-multipart.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { startWsdlSandbox } from '../../src/commands/sandbox.ts'
import { atOnce } from '../../src/core/steps.ts'
import type { Action, JsonObject } from '../../src/core/types.ts'
import { importWsdl } from '../../src/manifest/import/wsdl/import-wsdl.ts'
import { writeManifest } from '../../src/manifest/import/wsdl/write-manifest.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { fixture } from '../import/imported.ts'
import { failure, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer } from './soap/raw-server.ts'

const adapter = createAdapter()
let server: RawServer
let actions: readonly Action[]
let keeping: readonly Action[]

async function load(change: (text: string) => string): Promise<readonly Action[]> {
  const { manifest } = await importWsdl(fixture('attachments'), { bot: 'fixture' })
  const { bot, issues } = await loadManifest(change(writeManifest(manifest)), {
    file: 'bot.yaml',
    adapters: { soap: adapter },
    env: () => undefined,
    trusted: true
  })
  if (bot === undefined) throw new Error(JSON.stringify(issues))
  return bot.actions
}

beforeAll(async () => {
  server = await startRawServer()
  actions = await load(text => text)
  keeping = await load(text => text.replaceAll('    effect:', '    response: { attachments: artifact }\n    effect:'))
})
afterAll(async () => {
  await adapter.close()
  await server.close()
})

const named = (name: string, from = actions): Action => from.find(each => each.name === `fixture_${name}`) as Action
const prepare = (name: string, input: JsonObject, from = actions) =>
  newCall({ plan: named(name, from).steps as Plan, url: server.url, input })

interface Given {
  readonly id: string
  readonly content: string | Buffer
  readonly head?: string
}
const multipart = (root: string, parts: readonly Given[], end = '--b--\r\n'): Buffer =>
  Buffer.concat([
    Buffer.from(`preamble\r\n--b\r\nContent-Type: application/xop+xml; type="text/xml"\r\nContent-ID: <root>\r\n\r\n${root}\r\n`),
    ...parts.flatMap(({ id, content, head = '' }) => [
      Buffer.from(`--b\r\nContent-ID: <${id}>\r\nContent-Type: application/pdf\r\n${head}\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n')
    ]),
    Buffer.from(end)
  ])
const answerWith = (body: Buffer, type = 'multipart/related; type="application/xop+xml"; start="<root>"; boundary=b') => {
  server.answer = response => void response.writeHead(200, { 'content-type': type }).end(body)
}
const include = (id: string) => `<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:${id}"/>`
const documents = (inside: string) =>
  envelope(`<t:OptimizedResponse xmlns:t="urn:fixture"><t:title>x</t:title>${inside}</t:OptimizedResponse>`)
const reference = (text: string) => envelope(`<t:ReferringResponse xmlns:t="urn:fixture"><t:file>${text}</t:file></t:ReferringResponse>`)
const pdf = Buffer.from('%PDF\r\n--b-not\r\n\u0000\u00ff', 'latin1')
const input = {
  title: 'x',
  pdf: pdf.toString('base64'),
  scan: ['AAAA', 'AAEC'],
  typed: { value: 'AA==', contentType: 'a/b' },
  plain: 'AQ=='
}

describe('a request', () => {
  const sent = () => {
    const { body, headers } = server.seen.at(-1) ?? { body: '', headers: {} }
    return { body, type: headers['content-type'] ?? '', ...atOnce(readMultipart(Buffer.from(body), headers['content-type'] ?? '')) }
  }

  test('MTOM: what the file calls attachments are parts, all else stays in the envelope', async () => {
    answerWith(multipart(documents(`<t:pdf>${include('1')}</t:pdf>`), [{ id: '1', content: pdf }]))
    await adapter.run(prepare('optimized', input).call)
    const { root, others, type } = sent()
    expect(type).toMatch(/^multipart\/related; boundary="[^"]+"; type="application\/xop\+xml"; start="<[^>]+>"; start-info="text\/xml"$/)
    expect(root.contentType).toBe('application/xop+xml; charset=UTF-8; type="text/xml"')
    expect(others.map(({ contentType }) => contentType)).toEqual(['application/pdf', ...Array(3).fill('application/octet-stream')])
    const text = root.content.toString()
    for (const { id } of others) expect(text).toContain(`<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:${id}"/>`)
    expect(text).toContain('<t:plain>AQ==</t:plain>')
    expect(others[1]?.content).toEqual(Buffer.from([0, 0, 0]))
  })

  test('swaRef: a reference in the element; MIME parts: no element at all', async () => {
    answerWith(multipart(reference('cid:f'), [{ id: 'f', content: 'hello' }]))
    await adapter.run(prepare('referring', { file: 'AAAA' }).call)
    const [file] = sent().others
    expect([sent().type, sent().root.content.toString()]).toEqual([
      expect.stringContaining('type="text/xml"'),
      expect.stringContaining(`<t:file>cid:${file?.id}</t:file>`)
    ])
    answerWith(multipart(envelope('<t:BesideResponse xmlns:t="urn:fixture"><t:note>n</t:note></t:BesideResponse>'), []))
    await adapter.run(prepare('beside', { note: 'n', first: 'AAAA', second: 'AAEC' }).call)
    expect(sent().others.map(({ id, contentType }) => [id.split('=')[0], contentType])).toEqual([
      ['first', 'application/pdf'],
      ['second', 'application/octet-stream']
    ])
    expect(sent().root.content.toString()).not.toContain('first')
  })

  test('what is no base64 is refused, and nothing is sent', async () => {
    const before = server.seen.length
    const error = await failure(adapter.run(prepare('optimized', { title: 'x', pdf: 'no!' }).call))
    expect(error).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/pdf', message: 'must be bytes in base64' }] })
    expect(server.seen).toHaveLength(before)
  })
})

describe('an answer', () => {
  test('MTOM: parts are base64 where the envelope refers to them, whatever their encoding', async () => {
    const parts = [
      { id: 'a b@x', content: pdf },
      { id: '2', content: 'AAEC', head: 'Content-Transfer-Encoding: base64\r\n' },
      { id: '3', content: '=00=\r\nA', head: 'Content-Transfer-Encoding: quoted-printable\r\n' }
    ]
    const inside = `<t:pdf>${include('a%20b@x')}</t:pdf><t:scan>${include('2')}</t:scan><t:scan>${include('3')}</t:scan><t:plain>AQ==</t:plain>`
    answerWith(multipart(documents(inside), parts))
    const output = await adapter.run(prepare('optimized', input).call)
    expect(output).toEqual({ title: 'x', pdf: pdf.toString('base64'), scan: ['AAEC', 'AEE='], plain: 'AQ==' })
    expect(named('optimized').checkOutput(output)).toEqual([])
  })

  test('MIME parts by their names, otherwise in their order', async () => {
    const root = envelope('<t:BesideResponse xmlns:t="urn:fixture"><t:note>n</t:note></t:BesideResponse>')
    for (const ids of [
      ['second=1@x', 'first=1@x'],
      ['u1', 'u2']
    ]) {
      const contents = ids[0]?.startsWith('second') ? ['B', 'A'] : ['A', 'B']
      answerWith(
        multipart(
          root,
          ids.map((id, index) => ({ id, content: contents[index] as string }))
        )
      )
      expect(await adapter.run(prepare('beside', { note: 'n' }).call)).toEqual({ note: 'n', first: 'QQ==', second: 'Qg==' })
    }
  })

  test('as artifacts of the run: the output holds their address', async () => {
    answerWith(multipart(documents(`<t:pdf>${include('1')}</t:pdf>`), [{ id: '1', content: '%PDF' }]))
    const { call, attached } = prepare('optimized', input, keeping)
    expect(await adapter.run(call)).toEqual({ title: 'x', pdf: '/v1/runs/run_1/artifacts/attachment-1-1.pdf', scan: [] })
    expect(attached.get('attachment-1-1.pdf')).toBe('%PDF')
  })

  const big = 'x'.repeat(200_000)
  test.each<[string, string, Buffer, string | undefined, RegExp]>([
    ['without a boundary', 'optimized', multipart(documents(''), []), 'multipart/related; type="text/xml"', /without a good boundary/],
    [
      'with a huge boundary',
      'optimized',
      multipart(documents(''), []),
      `multipart/related; boundary=${'b'.repeat(71)}`,
      /without a good boundary/
    ],
    ['with another boundary', 'optimized', multipart(documents(''), []), 'multipart/related; boundary=c', /cut off/],
    [
      'that is cut off',
      'optimized',
      multipart(documents(`<t:pdf>${include('1')}</t:pdf>`), [{ id: '1', content: pdf }], ''),
      undefined,
      /cut off/
    ],
    [
      'that refers to nothing',
      'optimized',
      multipart(documents(`<t:pdf>${include('2')}</t:pdf>`), [{ id: '1', content: 'x' }]),
      undefined,
      /attachment that it does not have/
    ],
    [
      'that refers to nothing with swaRef',
      'referring',
      multipart(reference('cid:2'), [{ id: '1', content: 'x' }]),
      undefined,
      /attachment that the message does not have/
    ],
    [
      'with one Content-ID twice',
      'optimized',
      multipart(documents(''), [
        { id: '1', content: 'x' },
        { id: '1', content: 'y' }
      ]),
      undefined,
      /same Content-ID/
    ],
    [
      'without its start',
      'optimized',
      multipart(documents(''), []),
      'multipart/related; start="<else>"; boundary=b',
      /without an envelope/
    ],
    [
      'with endless headers',
      'optimized',
      multipart(documents(''), [{ id: '1', content: 'x', head: `X: ${'y'.repeat(20_000)}\r\n` }]),
      undefined,
      /no end of its headers/
    ],
    [
      'in an unknown encoding',
      'optimized',
      multipart(documents(''), [{ id: '1', content: 'x', head: 'Content-Transfer-Encoding: x-uu\r\n' }]),
      undefined,
      /encoding that is not known/
    ],
    [
      'of an inherited name',
      'optimized',
      multipart(documents(''), [{ id: '1', content: 'x', head: 'Content-Transfer-Encoding: constructor\r\n' }]),
      undefined,
      /encoding that is not known/
    ],
    [
      'with a thousand parts',
      'optimized',
      multipart(
        documents(''),
        Array.from({ length: 1_000 }, (_, index) => ({ id: `${index}`, content: '' }))
      ),
      undefined,
      /more than 200 parts/
    ],
    [
      'that refers to one part a thousand times',
      'optimized',
      multipart(documents(`<t:pdf>${include('1')}</t:pdf>${`<t:scan>${include('1')}</t:scan>`.repeat(1_000)}`), [
        { id: '1', content: big }
      ]),
      undefined,
      /too large/
    ],
    ['whose envelope has a DOCTYPE', 'optimized', multipart(`<!DOCTYPE a [<!ENTITY b "b">]>${documents('')}`, []), undefined, /DOCTYPE/]
  ])('%s is refused', async (_, name, body, type, message) => {
    answerWith(body, type)
    const error = await failure(adapter.run(prepare(name, name === 'optimized' ? input : { file: 'AAAA' }).call))
    expect([error.code, error.message]).toEqual(['invalid_output', expect.stringMatching(message)])
  })
})

test('a policy that asks for MTOM makes every base64 of the binding an attachment', async () => {
  const { manifest } = await importWsdl(fixture('mtom-policy'), { bot: 'fixture' })
  expect(JSON.stringify(manifest.actions)).toContain('"x-attachment":"xop"')
})

test.each(['optimized', 'referring', 'beside'])('the sandbox reads and answers %s', async name => {
  const { server: sandbox } = await startWsdlSandbox(fixture('attachments'), { port: 0, flags: {} })
  const url = `http://127.0.0.1:${(sandbox.address() as AddressInfo).port}/soap`
  const inputs: Readonly<Record<string, JsonObject>> = {
    optimized: input,
    referring: { file: 'AAAA' },
    beside: { note: 'n', first: 'AAAA' }
  }
  const output = await adapter.run(newCall({ plan: named(name).steps as Plan, url, input: inputs[name] ?? {} }).call)
  expect(named(name).checkOutput(output)).toEqual([])
  expect(Object.keys(output as JsonObject).length).toBeGreaterThan(0)
  sandbox.closeAllConnections()
  sandbox.close()
})
