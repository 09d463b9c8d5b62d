/** The reader of answers on bytes alone: however they are cut into pieces, and however many come. */
import { describe, expect, test } from '@jest/globals'
import { AnswerReader } from '../../src/http/answer-reader.ts'
import { decodeContent } from '../../src/http/decode-content.ts'
import { wholeAnswer } from '../../src/http/whole-answer.ts'
import { type Answer, answersWith } from '../sandbox/hard-pages/sloppy/answers.ts'

const message = '<html><p>Saved</p></html>'
const answers = Object.entries(answersWith(message, 'text/html')).filter(([name]) => !/200 KiB|five thousand/.test(name))
const limits = { headBytes: 4_096, bodyBytes: 1_000 }

/** What is read of an answer that comes in pieces of that many bytes. */
async function readIn(pieces: number, { bytes }: Answer) {
  const reader = new AnswerReader('POST', limits)
  try {
    for (let at = 0; at < bytes.length; at += pieces) if (reader.push(bytes.subarray(at, at + pieces))) break
    const { status, body, missing, undecoded } = await wholeAnswer(reader.answer(), limits.bodyBytes)
    return { status, body: body.toString(), why: missing ?? undecoded }
  } catch (error) {
    return { why: (error as Error).message }
  }
}

describe('an answer means the same in one piece and byte by byte', () => {
  test.each(answers)('%s', async (_, answer) => {
    const [whole, ...others] = await Promise.all([1_000_000, 1, 2, 3, 7].map(pieces => readIn(pieces, answer)))
    if (answer.why === undefined) expect(whole).toEqual({ status: 200, body: message, why: undefined })
    else if (!answer.why.source.includes('without an answer')) expect(whole?.why).toMatch(answer.why)
    for (const other of others) expect(other).toEqual(whole)
  })
})

const read = (text: string, method = 'POST') => {
  const reader = new AnswerReader(method, limits)
  return { over: reader.push(Buffer.from(text)), answer: reader.answer() }
}

test.each([
  ['204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nabc', 'POST'],
  ['304', 'HTTP/1.1 304 Not Modified\r\n\r\n', 'POST'],
  ['an answer to HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD'],
  ['a length of 0', 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\nabc', 'POST']
])('%s has no body', (_, text, method) => {
  expect(read(text, method)).toMatchObject({ over: true, answer: { missing: undefined, body: Buffer.alloc(0) } })
})

test('a target that writes without end is read no further than the limits', () => {
  const endless = (first: string, more: string): string => {
    const reader = new AnswerReader('POST', limits)
    try {
      reader.push(Buffer.from(first))
      for (let count = 0; count < 1_000; count++) if (reader.push(Buffer.from(more))) return reader.answer().missing ?? 'whole'
      return 'endless'
    } catch (error) {
      return (error as Error).message
    }
  }
  const ok = 'HTTP/1.1 200 OK\r\n'
  const line = 'x'.repeat(1_000)
  expect([
    endless(ok, `X: ${line}\r\n`),
    endless('', '\r\n'.repeat(100)),
    endless('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    endless(`${ok}\r\n`, line),
    endless(`${ok}Content-Length: 100000\r\n\r\n`, line),
    endless(`${ok}Transfer-Encoding: chunked\r\n\r\n`, `3e8\r\n${line}\r\n`),
    endless(`${ok}Transfer-Encoding: chunked\r\n\r\n`, line),
    endless(`${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n`, `X: ${line}\r\n`)
  ]).toEqual([
    'the head of its answer has more than 4096 bytes',
    'the head of its answer has more than 4096 bytes',
    'the target announces its answer without end',
    ...Array(3).fill('its answer has more than 1000 bytes'),
    'its chunks can not be read: one of them has no end of its line',
    'whole'
  ])
})

test('an encoding that is a bomb, or many of them, is undone no further than the limit', async () => {
  const { gzipSync, brotliCompressSync } = await import('node:zlib')
  const bomb = Buffer.alloc(10_000)
  for (const [name, body] of [
    ['gzip', gzipSync(bomb)],
    ['br', brotliCompressSync(bomb)],
    ['gzip, gzip', gzipSync(gzipSync(bomb))]
  ] as const)
    expect(await decodeContent(body, name, 1_000)).toMatchObject({ broken: 'it is larger than 1000 bytes' })
})
