/**
 * Answers that are written carelessly, and what becomes of each: what Chromium takes is taken. Made for any message that shows its own end,
 * a page or a SOAP envelope. Each name is also a path of the server.
 */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'

export interface Answer {
  readonly bytes: Buffer
  /** Why the message is not whole; undefined: it is. */
  readonly why?: RegExp | undefined
  /** The connection is reset, or stays open, instead of being closed. */
  readonly afterwards?: 'reset' | 'stay' | undefined
}

export const answersWith = (message: string, type: string): Readonly<Record<string, Answer>> => {
  const L = Buffer.byteLength(message)
  const size = L.toString(16)
  const bytes = (text: string) => Buffer.from(text, 'latin1')
  const ok = 'HTTP/1.1 200 OK'
  const kind = `Content-Type: ${type}`
  const length = `Content-Length: ${L}`
  const head = (...lines: string[]) => bytes(`${lines.join('\r\n')}\r\n\r\n`)
  const whole = (lines: readonly string[], body: Buffer | string = message): Answer => ({
    bytes: Buffer.concat([head(...lines), Buffer.from(body)])
  })
  const withLine = (...lines: string[]) => whole([ok, kind, ...lines, length])
  const chunked = (text: string) => whole([ok, kind, 'Transfer-Encoding: chunked'], text)
  const encoded = (name: string, body: Buffer) => whole([ok, kind, `Content-Encoding: ${name}`, `Content-Length: ${body.length}`], body)
  const not = (answer: Answer, why: RegExp, afterwards?: Answer['afterwards']): Answer => ({ ...answer, why, afterwards })
  const zipped = gzipSync(message)
  const half = message.slice(0, L >> 1)
  const interim = (text: string): Answer => ({ bytes: Buffer.concat([bytes(text), withLine().bytes]) })
  return {
    plain: withLine('Connection: close'),
    // Beyond the end.
    'data after it': whole([ok, kind, length, 'Connection: close'], `${message}\r\n`),
    'another answer after it': whole([ok, kind, length], `${message}HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n`),
    'chunks after the last': chunked(`${size}\r\n${message}\r\n0\r\n\r\n0\r\n\r\n`),
    'a connection that stays open': { ...withLine(), afterwards: 'stay' },
    // Lines.
    'LF alone': { bytes: bytes(`${ok}\n${kind}\n${length}\n\n${message}`) },
    'LF and CRLF': { bytes: bytes(`${ok}\r\n${kind}\n${length}\r\n\n${message}`) },
    'empty lines before it': { bytes: Buffer.concat([bytes('\r\n\r\n'), withLine().bytes]) },
    'folded headers': withLine('X-A: a', ' b', '\tc'),
    'a fold before the first header': whole([ok, ' X-A: b', kind, length]),
    // The status line.
    'HTTP/1.0': whole(['HTTP/1.0 200 OK', kind]),
    'no reason': whole(['HTTP/1.1 200', kind, length]),
    'no status': whole(['HTTP/1.1', kind, length]),
    'small letters': whole(['http/1.1 200 ok', kind, length]),
    'HTTP/1.2': whole(['HTTP/1.2 200 OK', kind, length]),
    'spaces in the status line': whole(['HTTP/1.1   200   OK', kind, length]),
    // Headers.
    'no headers': whole([ok]),
    'a space before the colon': whole([ok, kind.replace(':', ' :'), length.replace(':', '\t:')]),
    'a line without a colon': withLine('garbage'),
    'an empty name': withLine(': x'),
    'a name with signs': withLine('X-Bad(Header): 1'),
    'a name with spaces': withLine('X Foo: 1'),
    'a name beyond ASCII': withLine('X-\u00fc: 1'),
    'a control character': withLine('X-A: a\u0001b'),
    'letters beyond ASCII': {
      bytes: Buffer.concat([bytes(`${ok}\r\n${kind}\r\nX-User: M\u00fcller\r\n${length}\r\n\r\n`), Buffer.from(message)])
    },
    'a head of 200 KiB': withLine(`X-Long: ${'x'.repeat(200_000)}`),
    'five thousand headers': withLine(...Array.from({ length: 5_000 }, (_, index) => `X-${index}: 1`)),
    // Lengths.
    'one length twice': withLine(length),
    'one length as a list': whole([ok, kind, `${length}, ${L}`]),
    'a length that is no number': whole([ok, kind, 'Content-Length: abc']),
    'a length with its unit': whole([ok, kind, `${length} bytes`]),
    'a length below zero': whole([ok, kind, 'Content-Length: -1']),
    'an empty length': whole([ok, kind, 'Content-Length:']),
    'a length and chunks': whole([ok, kind, 'Content-Length: 3', 'Transfer-Encoding: chunked'], `${size}\r\n${message}\r\n0\r\n\r\n`),
    'a length that is too large, and a message with its end': whole([ok, kind, `Content-Length: ${L + 50}`]),
    'different lengths, and a message with its end': withLine('Content-Length: 5'),
    // Chunks.
    'chunks with extensions': chunked(`${size};a="b"\r\n${message}\r\n0;c\r\n\r\n`),
    'chunks with LF alone': chunked(`${size}\n${message}\n0\n\n`),
    'chunks with spaces and zeros': chunked(`000${size}  \r\n${message}\r\n000\r\n\r\n`),
    'chunks with a trailer': chunked(`${size}\r\n${message}\r\n0\r\nX-T: 1\r\n\r\n`),
    'no line behind the last chunk': chunked(`${size}\r\n${message}\r\n0\r\n`),
    'no last chunk, and a message with its end': chunked(`${size}\r\n${message}\r\n`),
    'chunked twice': whole([ok, kind, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `${size}\r\n${message}\r\n0\r\n\r\n`),
    // Before the answer.
    '100 Continue, unasked': interim('HTTP/1.1 100 Continue\r\n\r\n'),
    'several announcements': interim('HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\nHTTP/1.1 103 Early Hints\nLink: </a>\n\n'),
    // Encodings.
    gzip: encoded('gzip', zipped),
    'gzip with junk behind it': encoded('gzip', Buffer.concat([zipped, Buffer.from('junk')])),
    'gzip without its check sum': encoded('x-gzip', zipped.subarray(0, -8)),
    'gzip twice': encoded('gzip, gzip', gzipSync(zipped)),
    'gzip, with the length of what is in it': whole([ok, kind, 'Content-Encoding: gzip', `Content-Length: ${zipped.length + 500}`], zipped),
    'deflate, wrapped': encoded('deflate', deflateSync(message)),
    'deflate, raw': encoded('Deflate', deflateRawSync(message)),
    brotli: encoded('br', brotliCompressSync(message)),
    zstd: encoded('zstd', zstdCompressSync(message)),
    'an encoding that is none': encoded('none', Buffer.from(message)),
    'an encoding that is a character set': encoded('utf-8', Buffer.from(message)),
    // Not whole.
    'a length that half of it has': not(whole([ok, kind, length], half), /closed the connection after \d+ of \d+ bytes/),
    'a reset in the middle': not(whole([ok, kind, length], half), /after \d+ of \d+ bytes|without an answer/, 'reset'),
    'different lengths': not(whole([ok, kind, 'Content-Length: 5', length], half), /names different lengths, 5 and \d+/),
    'half of its chunk': not(chunked(`${size}\r\n${half}`), /before the last chunk/),
    'no last chunk': not(chunked(`${(L >> 1).toString(16)}\r\n${half}\r\n`), /before the last chunk/),
    'a chunk that is too long': not(chunked(`5\r\n${half}\r\n0\r\n\r\n`), /one of them is longer than its size says/),
    'a chunk without its size': not(chunked(`zz\r\n${half}\r\n0\r\n\r\n`), /does not begin with its size/),
    'half of its head': not({ bytes: bytes(`${ok}\r\nContent-Ty`) }, /within the head of its answer/),
    'nothing at all': not({ bytes: bytes('') }, /closed the connection without an answer/),
    '100 Continue and no more': not({ bytes: bytes('HTTP/1.1 100 Continue\r\n\r\n') }, /said that it goes on and closed the connection/),
    'a message without HTTP': not({ bytes: bytes(`${half}\r\n\r\n`) }, /does not begin as an HTTP answer does/),
    'another protocol': not(whole(['HTTP/1.1 101 Switching Protocols', 'Upgrade: x']), /switched to another protocol/),
    'gzip that is cut off': not(encoded('gzip', zipped.subarray(0, -20)), /gzip encoding is broken/),
    'gzip that is none': not(encoded('gzip', Buffer.from(message)), /gzip encoding is broken/)
  }
}
