import { expect, test } from '@jest/globals'
import { createRedactor } from '../../src/governance/redact.ts'

const name = 'Ada Lovelace'
const base64 = (text: string) => Buffer.from(text).toString('base64')

test.each([
  ['as it is', 'Dear Ada Lovelace, hello', 'Dear •••, hello'],
  ['in other case', 'Dear ADA LOVELACE, hello', 'Dear •••, hello'],
  ['in other spacing and with punctuation', 'Dear Ada\n  "Lovelace", a-d-a.lovelace', 'Dear •••", •••'],
  ['with a soft hyphen and hidden characters', 'Dear A\u00adda\u00a0Love\u200blace\u2060, \u202eecalevoL adA', 'Dear •••\u2060, \u202e•••'],
  ['in full width and with accents', 'Dear Ａｄａ Lovélace, hello', 'Dear •••, hello'],
  ['in an address', 'GET /find?q=Ada%20Lovelace&n=1 or Ada+Lovelace', 'GET /find?q=•••&n=1 or •••'],
  ['escaped twice', 'a%2541da%2520Lovelace', 'a•••'],
  ['in HTML', 'Dear &#65;da&nbsp;Lov&eacute;lace!', 'Dear •••!'],
  ['in JSON', '{"name":"\\u0041da\\nLovelac\\u00e9"}', '{"name":"•••"}'],
  ['in base64', `Basic ${base64(`x:${name}:y`)}`, /^Basic \S{0,4}•••\S{0,6}$/],
  ['in hexadecimal', `0x${Buffer.from(name).toString('hex')}!`, '0x•••!']
])('a value is replaced %s', (_, text, expected) => {
  expect(createRedactor([name])(text)).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
})

test.each([
  ['less than three characters', ['5', 'ab'], 'ab 5.00', 'ab 5.00'],
  ['few letters: as they are written', ['1.5', '!!!'], '1.5, 15, wow!!! 1 5', '•••, 15, wow••• 1 5'],
  ['three digits: nothing visible between', ['100'], '100 1:00 10\u200b0', '••• 1:00 •••'],
  ['a number with its thousands', ['12500'], "12,500.00 and 12'500", '•••.00 and •••'],
  ['what the value begins and ends with', ['#Branch!'], 'it was (#branch!)', 'it was (•••)'],
  ['the longest', ['Lovelace', 'Ada Lovelace'], 'Ada Lovelace of Lovelace', '••• of •••']
])('%s', (_, values, text, expected) => {
  expect(createRedactor(values)(text)).toBe(expected)
})

test('a part of a long value is replaced as well, as screens cut what is long', () => {
  const long = Array.from({ length: 50 }, (_, at) => `sentence ${at * 7} of it.`).join(' ')
  const redact = createRedactor([long])
  expect(redact(`It says: ${long}`)).toBe('It says: •••.')
  expect(redact(`It says: ${long.slice(0, 400)}… End`)).toMatch(/^It says: •••.{0,40}… End$/)
})

test('a thousand values in a megabyte of text', () => {
  const values = Array.from({ length: 1_000 }, (_, at) => `Value ${at} of person ${at * 7919}`)
  const text = 'Words of a page, %41 and 1234. '.repeat(33_000)
  expect(createRedactor(values)(`${text}VALUE 999 OF PERSON ${999 * 7919}`)).toBe(`${text}•••`)
})
