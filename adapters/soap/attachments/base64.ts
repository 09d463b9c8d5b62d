/** Base64 in pieces: bytes that are megabytes take their time. */
import type { Steps } from '../../../src/index.ts'

const pieceCharacters = 65_536
const shape = /^[A-Za-z0-9+/]*={0,2}$/

/** White space means nothing. Undefined: it is no base64. */
export function* decodeBase64(text: string): Steps<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(Math.ceil(text.length / 4) * 3)
  let [to, rest, ended] = [0, '', false]
  for (let at = 0; at < text.length; at += pieceCharacters) {
    if (at > 0) yield
    const piece = rest + text.slice(at, at + pieceCharacters).replace(/\s+/g, '')
    const whole = piece.slice(0, piece.length - (piece.length % 4))
    rest = piece.slice(whole.length)
    if (!shape.test(whole) || (ended && piece !== '')) return undefined
    ended ||= whole.endsWith('=')
    to += bytes.write(whole, to, 'base64')
  }
  return rest === '' ? bytes.subarray(0, to) : undefined
}

/** As mail has it (RFC 2045, section 6.8): what is not of its alphabet means nothing. */
export function* decodeBase64Lines(encoded: Buffer): Steps<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.ceil(encoded.length / 4) * 3)
  let [to, rest] = [0, '']
  for (let at = 0; at < encoded.length; at += pieceCharacters) {
    if (at > 0) yield
    const piece = rest + encoded.toString('latin1', at, at + pieceCharacters).replace(/[^A-Za-z0-9+/]+/g, '')
    rest = piece.slice(piece.length - (piece.length % 4))
    to += bytes.write(piece.slice(0, piece.length - rest.length), to, 'base64')
  }
  to += bytes.write(rest, to, 'base64')
  return bytes.subarray(0, to)
}
