/** Numbers of XML Schema, as JSON and back: each with all of its digits. */
import { describe, expect, test } from '@jest/globals'
import type { Action, Json, JsonObject } from '../../src/core/types.ts'
import { bodyOf, load, readBody } from './imported.ts'

const { actions, errors } = await load('numbers')
const [send] = actions as readonly [Action]
const element = (name: string, text: string): string => `<t:${name}>${text}</t:${name}>`
const read = (content: string): Json => readBody(send, `<t:Send>${content}</t:Send>`)

test('a service of numbers is imported', () => expect(errors).toEqual([]))

/** Element, its text, and its value. */
const same: readonly (readonly [string, string, Json])[] = [
  ['order', '9007199254740991', 9_007_199_254_740_991],
  ['order', '9007199254740993', '9007199254740993'],
  ['order', '-123456789012345678901234567890', '-123456789012345678901234567890'],
  ['serial', '18446744073709551615', '18446744073709551615'],
  ['count', '100000000000000000000', '100000000000000000000'],
  ['amount', '131072.13', 131_072.13],
  ['amount', '1234567890123456789.05', '1234567890123456789.05'],
  ['amount', '0.3333333333333333333333333333', '0.3333333333333333333333333333'],
  ['amount', '0.10000000000000001', '0.10000000000000001'],
  ['rate', '0.1', 0.1],
  ['rate', 'INF', 'INF'],
  ['rate', '-INF', '-INF'],
  ['rate', 'NaN', 'NaN'],
  ['share', '33.3333333333333333333333333333', '33.3333333333333333333333333333'],
  ['price', '9999999999.99', 9_999_999_999.99]
]

describe('in and out', () => {
  test.each(same)('%s %s', (name, text, value) => {
    expect(read(element(name, text))).toEqual({ [name]: value, series: [] })
    expect(send.checkOutput({ [name]: value })).toEqual([])
    expect(send.checkInput({ [name]: value })).toEqual([])
    expect(bodyOf(send, { [name]: value })).toBe(`<t:Send>${element(name, text)}</t:Send>`)
  })

  test('a binary number that is printed with 17 digits is the nearest one', () => {
    expect(read(element('rate', '0.10000000000000001'))).toEqual({ rate: 0.1, series: [] })
    expect(read(element('rate', '6.6666666666666663e-01'))).toEqual({ rate: 2 / 3, series: [] })
  })

  test('what JSON has no number for costs neither the answer nor the order of a list', () => {
    const content = element('series', '1.5') + element('series', 'NaN') + element('series', '3.40282347e+38')
    const value = { series: [1.5, 'NaN', 3.40282347e38] }
    expect(read(content)).toEqual(value)
    expect(send.checkOutput(value)).toEqual([])
  })
})

describe('limits', () => {
  test.each<[JsonObject]>([
    [{ share: 100.5 }],
    [{ share: -1 }],
    [{ count: 0 }],
    [{ count: '0' }],
    [{ serial: '-1' }],
    [{ amount: '1e5' }],
    [{ order: '1.5' }],
    [{ rate: 'Infinity' }]
  ])('%j is no input', input => expect(send.checkInput(input)).not.toEqual([]))

  test('hold for a number that is written as text, too', () => {
    expect(send.checkInput({ share: '100.5' })).toEqual([])
    expect(() => bodyOf(send, { share: '100.5' })).toThrow('is outside of the limits of the schema')
  })

  test('a default of two decimals is a number', () => {
    const { limit } = send.input.properties as { readonly limit: JsonObject }
    expect([limit.type, limit.default]).toEqual([['number', 'string'], 9.5])
  })
})
