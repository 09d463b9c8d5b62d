/** Strict XML 1.0 text → a tree in document order. No DTD, no entities but the five, nothing too deep or too large. */
import { atOnce, oneByOne, type Steps } from './steps.ts'
import { noScope, Scope, type XmlAttribute, type XmlElement } from './xml-element.ts'
import { XmlError } from './xml-error.ts'
import { decodeReferences } from './xml-references.ts'

export interface XmlLimits {
  readonly characters: number
  readonly depth: number
  readonly elements: number
  readonly attributes: number
  /** The longest single text or attribute, as it is written. */
  readonly textCharacters: number
}

interface Options {
  readonly limits: XmlLimits
  /** Real WSDL files carry policies with prefixes that nobody declared. */
  readonly unboundPrefixes?: 'refuse' | 'keep'
}

interface Open {
  readonly qname: string
  readonly children: (XmlElement | string)[]
  readonly scope: Scope
}

interface Scan {
  readonly text: string
  readonly options: Options
  readonly open: Open[]
  root: XmlElement | undefined
  at: number
  elements: number
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const nameAt = /[A-Za-z_\u00c0-\ufffd][\w.\-\u00b7-\ufffd]*(?::[A-Za-z_\u00c0-\ufffd][\w.\-\u00b7-\ufffd]*)?/y

/** The root element. Throws XmlError. */
export const parseXmlTree = (source: string, options: Options): XmlElement => atOnce(parseXmlTreeInSteps(source, options))

/** The same in pieces, so that others get their turn. */
export const parseXmlTreeInPieces = (source: string, options: Options, signal: AbortSignal): Promise<XmlElement> =>
  oneByOne(parseXmlTreeInSteps(source, options), signal)

export function* parseXmlTreeInSteps(source: string, options: Options): Steps<XmlElement> {
  const scan = startScan(source, options)
  for (let at = 0; at < scan.text.length; at += checkedCharacters) {
    if (at > 0) yield
    checkCharacters(scan, at, at + checkedCharacters)
  }
  while (readPiece(scan, scan.at + pieceCharacters)) yield
  return endScan(scan)
}

const pieceCharacters = 16 * 1024
const checkedCharacters = 1024 * 1024

/** False: nothing is left. */
function readPiece(scan: Scan, end: number): boolean {
  const { length } = scan.text
  while (scan.at < length && scan.at < end) readNext(scan)
  return scan.at < length
}

function startScan(source: string, options: Options): Scan {
  const { limits } = options
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source
  const scan: Scan = { text, options, open: [], root: undefined, at: 0, elements: 0 }
  if (text.length > limits.characters) fail(scan, `it is larger than ${limits.characters} characters`)
  return scan
}

function checkCharacters(scan: Scan, from: number, end: number): void {
  const bad = scan.text.slice(from, end).search(illegal)
  if (bad !== -1) fail({ ...scan, at: from + bad }, 'it holds characters that XML forbids')
}

function readNext(scan: Scan): void {
  const next = scan.text.indexOf('<', scan.at)
  readText(scan, next === -1 ? scan.text.length : next)
  if (next !== -1) readMarkup(scan)
}

function endScan(scan: Scan): XmlElement {
  if (scan.open.length > 0) fail(scan, `it is cut off: ${scan.open.at(-1)?.qname} is not closed`)
  return scan.root ?? fail(scan, 'it has no element')
}

function fail({ text, at }: Scan, message: string): never {
  throw new XmlError(message, text, at)
}

function readText(scan: Scan, end: number): void {
  if (end === scan.at) return
  // As it is written, before any of its references is looked at.
  if (end - scan.at > scan.options.limits.textCharacters) tooLong(scan)
  const raw = scan.text.slice(scan.at, end)
  const into = scan.open.at(-1)
  if (into === undefined) {
    if (/[^ \t\r\n]/.test(raw)) fail(scan, 'text stands outside the root element')
  } else {
    if (raw.includes(']]>')) fail(scan, ']]> stands in a text')
    addText(scan, into, decode(scan, raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw))
  }
  scan.at = end
}

const tooLong = (scan: Scan): never => fail(scan, `a text is longer than ${scan.options.limits.textCharacters} characters`)

function addText(scan: Scan, { children }: Open, text: string): void {
  const last = children.at(-1)
  const whole = typeof last === 'string' ? last + text : text
  if (whole.length > scan.options.limits.textCharacters) tooLong(scan)
  if (typeof last === 'string') children[children.length - 1] = whole
  else children.push(whole)
}

function decode(scan: Scan, raw: string): string {
  return decodeReferences(raw) ?? fail(scan, 'it refers to an entity or character that XML does not have by itself')
}

function readMarkup(scan: Scan): void {
  const { text, at } = scan
  const next = text[at + 1]
  if (next === '/') closeElement(scan)
  else if (next !== '!' && next !== '?') openElement(scan)
  else if (text.startsWith('<!--', at)) skip(scan, '<!--', '-->')
  else if (text.startsWith('<![CDATA[', at)) {
    const into = scan.open.at(-1) ?? fail(scan, 'text stands outside the root element')
    addText(scan, into, skip(scan, '<![CDATA[', ']]>').replace(/\r\n?/g, '\n'))
  } else if (next === '?') skip(scan, '<?', '?>')
  else fail(scan, 'it has a DOCTYPE or another declaration, which is refused')
}

function skip(scan: Scan, open: string, close: string): string {
  const from = scan.at + open.length
  const end = scan.text.indexOf(close, from)
  if (end === -1) fail(scan, 'it is cut off')
  scan.at = end + close.length
  return scan.text.slice(from, end)
}

function closeElement(scan: Scan): void {
  scan.at += 2
  const opened = scan.open.pop()
  // Nearly always the name is the one that was opened, and `>` comes next.
  const end = scan.at + (opened?.qname.length ?? 0)
  if (opened !== undefined && scan.text[end] === '>' && scan.text.startsWith(opened.qname, scan.at)) {
    scan.at = end + 1
    return
  }
  const qname = readName(scan)
  skipSpace(scan)
  if (opened === undefined || opened.qname !== qname) fail(scan, `</${qname}> closes ${opened?.qname ?? 'nothing'}`)
  if (scan.text[scan.at] !== '>') fail(scan, 'a closing tag is not closed')
  scan.at += 1
}

function readName(scan: Scan): string {
  nameAt.lastIndex = scan.at
  // `test` and not `exec`: a match that nobody looks at would be made for each name.
  if (!nameAt.test(scan.text)) fail(scan, 'a name is missing or not valid')
  const from = scan.at
  scan.at = nameAt.lastIndex
  return scan.text.slice(from, scan.at)
}

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

function skipSpace(scan: Scan): boolean {
  const from = scan.at
  while (isSpace(scan.text.charCodeAt(scan.at))) scan.at += 1
  return scan.at > from
}

function openElement(scan: Scan): void {
  const { limits } = scan.options
  scan.at += 1
  const qname = readName(scan)
  const raw = readAttributes(scan)
  const scope = innerScope(scan, raw)
  const empty = scan.text[scan.at] === '/'
  scan.at += empty ? 2 : 1
  if (++scan.elements > limits.elements) fail(scan, `it has more than ${limits.elements} elements`)
  const children: (XmlElement | string)[] = []
  const element: XmlElement = {
    ...named(scan, qname, scope, true),
    attributes: attributesOf(scan, raw, scope),
    children,
    scope
  }
  const parent = scan.open.at(-1)
  if (parent !== undefined) parent.children.push(element)
  else if (scan.root !== undefined) fail(scan, 'it has more than one root element')
  else scan.root = element
  if (empty) return
  scan.open.push({ qname, children, scope })
  if (scan.open.length > limits.depth) fail(scan, `it is nested deeper than ${limits.depth} elements`)
}

type RawAttributes = readonly (readonly [name: string, value: string])[]

/** Leaves `at` on the end of the tag. */
function readAttributes(scan: Scan): RawAttributes {
  const found: [string, string][] = []
  const { text } = scan
  for (;;) {
    const spaced = skipSpace(scan)
    const next = text[scan.at]
    if (next === '>' || (next === '/' && text[scan.at + 1] === '>')) return found
    if (!spaced || next === undefined) fail(scan, next === undefined ? 'it is cut off' : 'a tag is not well formed')
    const name = readName(scan)
    skipSpace(scan)
    if (text[scan.at] !== '=') fail(scan, `the attribute ${name} has no value`)
    scan.at += 1
    skipSpace(scan)
    found.push([name, readAttributeValue(scan, name)])
    if (found.length > scan.options.limits.attributes) fail(scan, `an element has more than ${scan.options.limits.attributes} attributes`)
  }
}

function readAttributeValue(scan: Scan, name: string): string {
  const { text, at } = scan
  const quote = text[at]
  if (quote !== '"' && quote !== "'") fail(scan, `the attribute ${name} has no quotes`)
  const end = text.indexOf(quote, at + 1)
  if (end === -1) fail(scan, 'it is cut off')
  if (end - at > scan.options.limits.textCharacters) fail(scan, `the attribute ${name} is too long`)
  const raw = text.slice(at + 1, end)
  if (raw.includes('<')) fail(scan, `the attribute ${name} holds <`)
  scan.at = end + 1
  return decode(scan, raw.replace(/\r\n|[\t\r\n]/g, ' '))
}

function innerScope(scan: Scan, raw: RawAttributes): Scope {
  let own: Map<string, string> | undefined
  for (const [name, value] of raw) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue
    own ??= new Map()
    own.set(name.slice(6), value)
  }
  const outer = scan.open.at(-1)?.scope ?? noScope
  // On top of the outer one, not a copy of it: thousands of elements below thousands of prefixes must not multiply.
  return own === undefined ? outer : new Scope(own, outer)
}

const noAttributes: readonly XmlAttribute[] = []

function attributesOf(scan: Scan, raw: RawAttributes, scope: Scope): readonly XmlAttribute[] {
  if (raw.length === 0) return noAttributes
  const attributes: XmlAttribute[] = []
  const seen = new Set<string>()
  for (const [name, value] of raw) {
    if (seen.has(name)) fail(scan, `the attribute ${name} is there twice`)
    seen.add(name)
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) attributes.push({ ...named(scan, name, scope, false), value })
  }
  return attributes
}

function named(scan: Scan, qname: string, scope: Scope, element: boolean): { prefix: string; local: string; uri: string } {
  const colon = qname.indexOf(':')
  if (colon === -1) return { prefix: '', local: qname, uri: element ? (scope.get('') ?? '') : '' }
  const prefix = qname.slice(0, colon)
  const uri = scope.get(prefix)
  if (uri === undefined && scan.options.unboundPrefixes !== 'keep') fail(scan, `the prefix ${prefix} has no namespace`)
  return { prefix, local: qname.slice(colon + 1), uri: uri ?? `unbound:${prefix}` }
}
