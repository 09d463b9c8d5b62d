/** Text with its escapes undone: %C3%A9 of addresses, &#233; and &eacute; of HTML and XML, é of JSON. */

export interface Decoded {
  readonly text: string
  /** For each of its units: where what it was written as begins, and where it ends. */
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

const escapes =
  /(?:%[0-9a-f]{2})+|[%\\]u[0-9a-f]{4}|\\u\{[0-9a-f]{1,6}\}|\\x[0-9a-f]{2}|\\[bfnrt]|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d{0,2});/gi

/** Undefined when there is nothing to undo. In linear time. */
export function decoded(text: string): Decoded | undefined {
  const parts: string[] = []
  const starts: number[] = []
  const ends: number[] = []
  const put = (part: string, from: number, to: number) => {
    parts.push(part)
    for (let unit = 0; unit < part.length; unit++) {
      starts.push(from)
      ends.push(to)
    }
  }
  const copy = (from: number, to: number) => {
    parts.push(text.slice(from, to))
    for (let at = from; at < to; at++) {
      starts.push(at)
      ends.push(at + 1)
    }
  }
  let behind = 0
  for (const { 0: written, index } of text.matchAll(escapes)) {
    copy(behind, index)
    behind = index + written.length
    if (/^%[0-9a-f]/i.test(written)) {
      let at = index
      for (const character of ofBytes(written)) {
        put(character.text, at, at + character.bytes * 3)
        at += character.bytes * 3
      }
    } else put(ofEscape(written), index, behind)
  }
  if (behind === 0) return undefined
  copy(behind, text.length)
  return { text: parts.join(''), starts, ends }
}

function ofBytes(written: string): readonly { readonly text: string; readonly bytes: number }[] {
  const bytes = Buffer.from(written.replaceAll('%', ''), 'hex')
  const utf8 = bytes.toString('utf8')
  if (utf8.includes('�')) return [...bytes].map(byte => ({ text: String.fromCharCode(byte), bytes: 1 }))
  return [...utf8].map(text => ({ text, bytes: Buffer.byteLength(text) }))
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', szlig: 'ß' }

function ofEscape(written: string): string {
  const name = /^&([a-z].*);$/i.exec(written)?.[1]
  // An accent makes no difference to whoever compares, so the letter will do.
  if (name !== undefined)
    return named[name.toLowerCase()] ?? /^([a-z])(?:acute|grave|uml|circ|tilde|ring|cedil|slash|caron)$/i.exec(name)?.[1] ?? ''
  if (/^\\[bfnrt]$/i.test(written)) return ' '
  const [digits = ''] = /[0-9a-f]{1,7}(?=[;}]?$)/i.exec(written) ?? []
  const code = /^&#\d/.test(written) ? Number(digits) : Number.parseInt(digits, 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : ''
}
