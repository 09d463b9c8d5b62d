import { describe, expect, test } from '@jest/globals'
import type { Json } from '../../src/core/types.ts'
import { findSecret } from '../../src/governance/find-secret.ts'

const password = 'Branch#2004'
const base64 = (text: string) => Buffer.from(text).toString('base64')
const hex = (text: string) => Buffer.from(text).toString('hex')

describe('a secret is found in an output', () => {
  test.each<[string, Json]>([
    ['as it is', { a: [{ b: 'x Branch#2004 y' }] }],
    ['as a name', { 'Branch#2004': 1 }],
    ['in other case', 'BRANCH#2004'],
    ['in full width', 'Ｂｒａｎｃｈ＃２００４'],
    ['with an accent on it', 'Bránch#2004'],
    ['with spaces', 'B r a n c h # 2 0 0 4'],
    ['with other separators', 'B-r-a-n-c-h|2.0.0.4'],
    ['with hidden characters', 'Bra\u00adn\u200bc\u202eh#\u034f2\ufe0f004'],
    ['without its punctuation', 'branch2004'],
    ['backwards', '4002#hcnarB'],
    ['in a list of letters', [...password]],
    ['over two properties', { a: 'Branch', b: '#2004' }],
    ['over two names', { Branch: 1, '#2004': 2 }],
    ['percent-encoded', 'Branch%232004'],
    ['percent-encoded to the last letter', `x${hex(password).replace(/../g, '%$&')}`],
    ['percent-encoded twice', 'Br%2561nch%25232004'],
    ['in references of HTML', '&#66;&#x72;anch&num;2004'],
    ['in escapes of JSON', '\\u0042ranch\\x232004'],
    ['in base64', base64(password)],
    ['in base64 behind one letter', base64(`x${password}y`)],
    ['in base64 behind two letters', base64(`xy${password}yz`)],
    ['in base64 with spaces', base64(`-${password}`).replace(/../g, '$& ')],
    ['in base64 over two texts', [base64(password).slice(0, 7), base64(password).slice(7)]],
    ['in base64 for addresses', Buffer.from(`???${password}`).toString('base64url')],
    ['in base64 behind other text', `Basic ${base64(`teller1:${password}`)}`],
    ['in base64 backwards', [...base64(password)].reverse().join('')],
    ['in base64 of other case', base64(password.toUpperCase())],
    ['in base64 of separated letters', base64([...password].join(' '))],
    ['in base64 three times', base64(base64(base64(password)))],
    ['in hexadecimal', hex(password)],
    ['in hexadecimal of upper case', hex(password).toUpperCase().replace(/../g, '$&:')],
    ['in hexadecimal of base64', hex(base64(password))],
    ['as character codes', [...Buffer.from(password)]]
  ])('%s', (_, value) => {
    expect(findSecret(value, ['other secret', password])).toBe(true)
    expect(findSecret(value, ['other secret'])).toBe(false)
  })
})

test.each<[string, Json, readonly string[], boolean]>([
  ['a short one is the whole text', { pin: ' A1 ' }, ['a1'], true],
  ['a short one is no part of a text', 'A1 and more', ['a1'], false],
  ['a short one is the whole number', { pin: 123 }, ['123'], true],
  ['an empty one is nothing', '', [''], false],
  ['signs alone are a secret', '!!!!', ['!!!!'], true],
  ['a number stands by itself', 'the PIN is 1234.', ['1234'], true],
  ['a number is no part of an account number', { account: '91234567', sum: 12345 }, ['1234'], false],
  ['a short word is no part of a word', 'Testing', ['test'], false],
  ['a short word is there in base64', base64('its "test"'), ['test'], true],
  ['neither numbers beside each other nor words', [12, 34, 'ba', 'nk'], ['1234', 'bank'], false],
  ['a long number is found in another', { account: '9123456780' }, ['12345678'], true]
])('%s', (_, value, secrets, expected) => {
  expect(findSecret(value, secrets)).toBe(expected)
})

test('half a secret, and what merely looks like one, is none', () => {
  const output = {
    name: 'Branch office',
    year: 2004,
    note: 'Branch 2005',
    id: base64('a long text of something else'),
    flag: true,
    none: null
  }
  expect(findSecret(output, [password])).toBe(false)
})
