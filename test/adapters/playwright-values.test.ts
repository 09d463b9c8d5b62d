import { describe, expect, test } from '@jest/globals'
import { type Reading, readValue, UnreadableValue } from '../../adapters/playwright/values.ts'

const read = (text: string, as: Reading['as'], more: Partial<Reading> = {}) =>
  readValue(text, { as, format: 'dd/mm/yyyy', locale: 'en', ...more })

describe('a text of the screen becomes a typed value', () => {
  test.each([
    ['1,234.56', 1234.56],
    ['(12.00)', -12],
    ['-', 0],
    ['–', 0],
    ['-38.72', -38.72],
    ['38.72-', -38.72],
    ['12.00 DR', -12],
    ['12.00 CR', 12],
    ['£ 1,000', 1000],
    ['GBP 1,234,567.89', 1234567.89],
    ['', null]
  ])('money %j', (text, value) => expect(read(text, 'money')).toBe(value))

  test.each([
    ['de', '1.234,56', 1234.56],
    ['fr', '1 234,56', 1234.56],
    ['fr', '1\u202f234,56', 1234.56],
    ['de-CH', '1’234.56', 1234.56],
    ['en-IN', '12,34,567.5', 1234567.5]
  ])('money as %s writes it', (locale, text, value) => expect(read(text, 'money', { locale })).toBe(value))

  test.each([
    ['dd/mm/yyyy', '03/12/2025', '2025-12-03'],
    ['d.m.yy', '3.1.04', '2004-01-03'],
    ['yyyymmdd', '20240229', '2024-02-29'],
    ['d MMM yyyy', '3 Sept. 2024', '2024-09-03'],
    ['MMMM d, yyyy', 'January 3, 2024', '2024-01-03']
  ])('date %s', (format, text, value) => expect(read(text, 'date', { format })).toBe(value))

  test('a month in another language', () => expect(read('3 März 2024', 'date', { format: 'd MMMM yyyy', locale: 'de' })).toBe('2024-03-03'))

  test.each([
    ['number', '9,007,199,254,740,993'],
    ['integer', '9007199254740993'],
    ['integer', '9007199254740992'],
    ['integer', '1.00000000000000000001'],
    ['money', '£90,071,992,547,409.921'],
    ['number', '0.1234567890123456789']
  ] as const)('a %s of more digits than a number keeps is no other number: %j', (as, text) =>
    expect(() => read(text, as)).toThrow('more digits than a number keeps: read it as text')
  )

  test.each([
    ['integer', '1,234', 1234],
    ['number', '-0.5', -0.5],
    ['boolean', 'Yes', true],
    ['boolean', 'N', false],
    ['text', ' a \n b ', 'a b']
  ] as const)('%s %j', (as, text, value) => expect(read(text, as)).toBe(value))

  test.each([
    ['integer', '1.5'],
    ['money', '1.234,56'],
    ['money', 'n/a'],
    ['number', '1,2'],
    ['number', '--1'],
    ['date', '31/02/2025'],
    ['date', '2025-01-01'],
    ['boolean', 'maybe']
  ] as const)('%s %j is refused', (as, text) => expect(() => read(text, as)).toThrow(UnreadableValue))
})
