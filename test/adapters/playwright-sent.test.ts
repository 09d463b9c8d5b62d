import { expect, test } from '@jest/globals'
import type { Request } from 'playwright-core'
import { sentText } from '../../adapters/playwright/sent.ts'

const redact = (text: string) => text.replaceAll('Ada Lovelace', '***')
const requestOf = (kind: string | undefined, body: string | null) =>
  ({
    method: () => 'POST',
    url: () => 'http://bank.example/transfer/post?session=abc',
    headers: () => (kind === undefined ? {} : { 'content-type': kind }),
    postDataBuffer: () => (body === null ? null : Buffer.from(body))
  }) as unknown as Request

test('the fields of a form, without what is secret, however it is spelled', () => {
  const text = sentText({ redact }, requestOf('application/x-www-form-urlencoded', 'from=1&name=Ada+Lovelace&csrf_token=t0p&memo=%C3%A9'))
  expect(text).toBe(
    'POST /transfer/post\ncontent-type: application/x-www-form-urlencoded\n51 bytes\n\nfrom: 1\nname: ***\ncsrf_token: ***\nmemo: é'
  )
})

test.each([
  ['application/json', '{"name":"Ada Lovelace"}'],
  ['multipart/form-data; boundary=x', '--x'],
  [undefined, null]
])('of %s only that it was sent', (kind, body) => {
  const text = sentText({ redact }, requestOf(kind, body))
  expect(text.split('\n')[0]).toBe('POST /transfer/post')
  expect(text).not.toMatch(/Lovelace|session|--x/)
})
