/** What is large is written and read in pieces, and comes out whole: XML of any kind, long lists, attachments. */
import { expect, test } from '@jest/globals'
import { decodeBase64, decodeBase64Lines } from '../../adapters/soap/attachments/base64.ts'
import { decodeQuotedPrintable } from '../../adapters/soap/attachments/quoted-printable.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { atOnce, type Steps } from '../../src/core/steps.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { load } from '../import/imported.ts'
import { newCall } from './soap/fixture.ts'
import { openSoap } from './soap/open-soap.ts'
import { envelope, xml } from './soap/raw-server.ts'

const soap = openSoap()
const { adapter } = soap

/** The output, what was sent, and how often others got a turn meanwhile. */
async function exchange(name: string, input: JsonObject, answer: string) {
  const { actions } = await load(name)
  soap.server.answer = xml(envelope(`<t:SendResponse xmlns:t="urn:fixture">${answer}</t:SendResponse>`))
  let [turns, over] = [0, false]
  const count = () => {
    turns += 1
    if (!over) setImmediate(count)
  }
  count()
  const output = (await adapter.run(newCall({ plan: actions[0]?.steps as Plan, url: soap.server.url, input }).call)) as JsonObject
  over = true
  return { output, sent: soap.server.seen.at(-1)?.body ?? '', turns }
}

const many = '<y a="1">text</y>'

test('one element of any name with 100,000 inside is read', async () => {
  const { output, turns } = await exchange(
    'any',
    { id: '1' },
    `<t:id>1</t:id><x xmlns="urn:x">${many.repeat(100_000)}</x><z xmlns="urn:z"/>`
  )
  expect(output).toEqual({ id: '1', any: [`<x xmlns="urn:x">${many.repeat(100_000)}</x>`, '<z xmlns="urn:z"/>'] })
  expect(turns).toBeGreaterThan(20)
})

test('mixed content with 100,000 elements is read', async () => {
  const { output } = await exchange('mixed', { text: { content: 'a' } }, `<t:text>${'a<b/>'.repeat(100_000)}</t:text>`)
  expect(output).toEqual({ text: { content: 'a<b/>'.repeat(100_000) } })
})

test('prefixes that many elements use are declared where they must be, and not copied to each', async () => {
  const levels = Array.from({ length: 60 }, (_, level) => level)
  const open = levels.map(level => `<p${level}:x xmlns:p${level}="u${level}" p${level}:a="1">`).join('')
  const close = levels.map(level => `</p${59 - level}:x>`).join('')
  const inner = '<q:y xmlns:q="v"/>'.repeat(20_000)
  const { output } = await exchange('any', { id: '1' }, `<t:id>1</t:id>${open}${inner}${close}`)
  expect(output.any).toEqual([open + inner + close])
})

test('a list of 20,000 and XML of 9,000 elements are written, and others get their turn', async () => {
  const child = Array.from({ length: 20_000 }, (_, n) => ({ name: `n${n}`, child: [] }))
  const answer = '<t:node><t:name>a</t:name></t:node>'
  const { sent, turns } = await exchange('recursion', { node: { name: 'a', child } }, answer)
  expect(sent).toContain(child.map(({ name }) => `<t:child><t:name>${name}</t:name></t:child>`).join(''))
  expect(turns).toBeGreaterThan(3)
  const any = `<x xmlns="urn:x">${many.repeat(9_000)}</x>`
  expect((await exchange('any', { id: '1', any: [any] }, '<t:id>1</t:id>')).sent).toContain(any)
})

const bytes = Buffer.from(Array.from({ length: 300_001 }, (_, n) => (n * 7) % 256))
const stepsOf = (steps: Steps<unknown>): number => [...steps].length

test('base64, with and without line breaks, in pieces', () => {
  const text = bytes.toString('base64')
  const lines = text.replace(/.{77}/g, '$&\r\n')
  expect(atOnce(decodeBase64(text))?.equals(bytes)).toBe(true)
  expect(atOnce(decodeBase64(lines))?.equals(bytes)).toBe(true)
  expect(atOnce(decodeBase64Lines(Buffer.from(`${lines.replaceAll('\r', '!')}`))).equals(bytes)).toBe(true)
  expect(stepsOf(decodeBase64(text))).toBeGreaterThan(3)
  for (const bad of ['A', 'AAA', 'AA=A', 'AAAA=', 'AA==AAAA', `${'A'.repeat(65_532)}AA==${'A'.repeat(8)}`, 'no!!'])
    expect(atOnce(decodeBase64(bad))).toBeUndefined()
  expect(atOnce(decodeBase64(''))).toEqual(Buffer.alloc(0))
})

test('quoted-printable byte by byte', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['a=3Db', 'a=b'],
    ['caf=c3=A9', 'caf\u00c3\u00a9'],
    ['one=\r\ntwo', 'onetwo'],
    ['one= \t\r\ntwo', 'onetwo'],
    ['blanks  \t\r\nend \n', 'blanks\r\nend\n'],
    ['kept=20\r\n', 'kept \r\n'],
    ['=4 =zz =', '=4 =zz '],
    ['a\rb', 'a\rb']
  ]
  for (const [encoded, decoded] of cases) expect(atOnce(decodeQuotedPrintable(Buffer.from(encoded))).toString('latin1')).toBe(decoded)
})

test('blanks that end no line, and a million escapes, take no time to speak of', () => {
  const blanks = `a${' \t'.repeat(1_000_000)}b`
  expect(atOnce(decodeQuotedPrintable(Buffer.from(blanks))).toString()).toBe(blanks)
  expect(atOnce(decodeQuotedPrintable(Buffer.from('=41'.repeat(1_000_000)))).toString()).toBe('A'.repeat(1_000_000))
  expect(stepsOf(decodeQuotedPrintable(Buffer.from('=41'.repeat(1_000_000))))).toBeGreaterThan(10)
})
