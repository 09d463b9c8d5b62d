/** Addresses with holes: a value stays in its segment of the path, its part of the query or of the fragment, and never names a host. */
import { compileEncoded, type Encode, ExpressionError, type Holes, type Scope, splitHoles, type Target } from '../../src/index.ts'
import { isInEgress } from './egress.ts'
import { encoding, refusal, Unfit } from './refusal.ts'

type Address = (scope: Scope, target: Pick<Target, 'url' | 'egress'>) => Promise<URL>

/** Throws ExpressionError where a hole stands in the scheme, the host or the port. */
export function compileAddress(text: string): Address {
  const render = compileHoles(text)
  if (!text.includes('{{')) return async (scope, { url }) => new URL(await render(scope), url)
  return async (scope, target) => {
    const address = await render(scope)
    if (!URL.canParse(address, target.url)) throw refusal(`"${text}" is no address with this value`)
    const url = new URL(address, target.url)
    if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || !isInEgress(url, target))
      throw refusal(`"${text}" leads to another origin with this value: it must stay on the target, or within target.egress`)
    return url
  }
}

/** The text of an address, or of a pattern for one, with every hole encoded for its position. */
export function compileHoles(text: string): (scope: Scope) => Promise<string> {
  const source = text.trim()
  const { literals } = splitHoles(source)
  // URL drops these characters and would join the text on both sides.
  if (literals.length > 1 && literals.some(literal => /[\t\n\r\\]/.test(literal)))
    throw new ExpressionError('an address with an expression holds no \\, line break or tab: write / and one line')
  const render = compileEncoded(source, (index, holes) => encoderOf(index, holes))
  const checked = withHoles(literals)
  return async scope => {
    const address = await render(scope)
    const wrong = segmentsOf(address).filter((segment, index, all) => checked.has(all.length - index) && !staysInPath(segment))
    if (wrong.length > 0) throw refusal(`"${text}" has an empty segment, . or .. with this value: it would lead to another page`)
    return address
  }
}

function encoderOf(index: number, holes: Holes): Encode {
  const before = holes.literals.slice(0, index + 1).join('x')
  const after = holes.literals[index + 1] ?? ''
  if (index === 0 && before === '') return encoding(holes, index, text => beginning(text, after === '' && holes.expressions.length === 1))
  if (/%[0-9a-f]?$/i.test(holes.literals[index] ?? '')) throw misplaced(index, holes, 'goes on after %')
  const first = holes.literals[0] ?? ''
  if (/^(?:[a-z][a-z0-9+.-]*:(?:\/\/[^/?#]*)?|\/\/[^/?#]*)$/i.test(before)) throw misplaced(index, holes, 'names a host or a port')
  if (first !== '' && !/[/?#]/.test(before) && !isRelative(before, after)) throw misplaced(index, holes, 'may name a scheme')
  const query = before.indexOf('?')
  const fragment = before.indexOf('#')
  const inQuery = query >= 0 && (fragment < 0 || query < fragment)
  const inFragment = fragment >= 0
  return encoding(holes, index, inQuery && !inFragment ? encodeData : encodeSegment)
}

/** `report-{{ input.id }}`: no colon follows before the first slash, so no scheme can come of it. */
const isRelative = (before: string, after: string): boolean => !before.includes(':') && !/^[^/?#]*:/.test(after)

const misplaced = (index: number, { expressions }: Holes, why: string): ExpressionError =>
  new ExpressionError(
    `{{${expressions[index]}}} ${why}: an expression is a segment of the path, a value in the query, or the whole address (which must stay within target.egress)`
  )

/** Everything but letters, digits and - . _ ~ as %XX. */
export const encodeData = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

/** Servers decode %2F, and some a second time: what would climb then is refused. */
function encodeSegment(text: string): string {
  if (text.split(/[/\\]|%(?:25)*(?:2f|5c)/i).some(isDots)) throw new Unfit('holds . or .. as a segment of a path')
  return encodeData(text)
}

/** Also escaped, escaped twice, and before what some servers cut off (`..;x`). */
const isDots = (segment: string): boolean => /^(?:\.|%(?:25)*2e){1,2}(?:;|%(?:25)*3b|$)/i.test(segment)
const staysInPath = (segment: string): boolean => segment !== '' && !isDots(segment)

/** A whole address, or how one begins: only where it leads is looked at. */
function beginning(text: string, isWhole: boolean): string {
  if (text === '') throw new Unfit('is empty, and no address')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: URL drops them, and joins what stands around
  if (/[\u0000-\u001f\u007f\\]|^\s|\s$/.test(text))
    throw new Unfit('holds a character that no address has (\\, a line break, a control character)')
  if (!isWhole && /[?#]/.test(text)) throw new Unfit('holds ? or #, and more of the address follows')
  return text
}

/** Segments of the path and, after them, of the fragment. */
function segmentsOf(address: string): readonly string[] {
  const [rest = '', ...fragment] = address.split('#')
  const [path = ''] = rest.split('?')
  return [...path.split('/'), ...(fragment.length === 0 ? [] : fragment.join('#').split('/'))]
}

/** Which segments have holes, counted from the end; not the one that a hole begins, for it may bring segments of its own. */
function withHoles(literals: readonly string[]): ReadonlySet<number> {
  const segments = segmentsOf(literals.join('\0'))
  const own = segments.flatMap((segment, index) => (segment.includes('\0') ? [segments.length - index] : []))
  return new Set(literals[0] === '' ? own.filter(at => at !== segments.length) : own)
}

/** The same address, escaped in one way only: pages and browsers differ in what they escape. */
export const canonical = (address: string, isPattern = false): string =>
  address.replace(isPattern ? /[^/?#&=+*]+/g : /[^/?#&=+]+/g, piece => {
    try {
      return encodeData(decodeURIComponent(piece))
    } catch {
      return piece
    }
  })
