/** Quoted-printable (RFC 2045, section 6.7), byte by byte: a pattern takes forever where blanks do not end a line. */
import type { Steps } from '../../../src/index.ts'

const pieceBytes = 65_536
const [tab, lineFeed, carriageReturn, blank, equals] = [9, 10, 13, 32, 61]

export function* decodeQuotedPrintable(bytes: Buffer): Steps<Buffer> {
  const decoded = Buffer.allocUnsafe(bytes.length)
  /** Where the next byte goes, and the end of the last one that is no blank at the end of a line. */
  let [to, kept] = [0, 0]
  for (let at = 0, pause = pieceBytes; at < bytes.length; ) {
    const byte = bytes[at] as number
    const soft = byte === equals ? lineEndAfter(bytes, at + 1) : undefined
    const code = byte === equals && soft === undefined ? hexAt(bytes, at + 1) : undefined
    if (byte === lineFeed || (byte === carriageReturn && bytes[at + 1] === lineFeed)) to = kept
    if (soft === undefined) decoded[to++] = code ?? byte
    if (byte !== blank && byte !== tab) kept = to
    at = soft ?? at + (code === undefined ? 1 : 3)
    if (at < pause) continue
    pause = at + pieceBytes
    yield
  }
  return decoded.subarray(0, kept)
}

/** The end of a soft line break: the line goes on after it. */
function lineEndAfter(bytes: Buffer, from: number): number | undefined {
  let at = from
  while (bytes[at] === blank || bytes[at] === tab) at += 1
  if (at === bytes.length) return at
  if (bytes[at] === carriageReturn) at += 1
  return bytes[at] === lineFeed ? at + 1 : undefined
}

const values = new Int16Array(256).fill(-1)
for (const [value, digit] of [...'0123456789abcdef'].entries())
  for (const each of [digit, digit.toUpperCase()]) values[each.charCodeAt(0)] = value

function hexAt(bytes: Buffer, at: number): number | undefined {
  const [high, low] = [values[bytes[at] ?? 0] ?? -1, values[bytes[at + 1] ?? 0] ?? -1]
  return high < 0 || low < 0 ? undefined : high * 16 + low
}
