/** Looks over an XML text before anything is built of it: no DTD, no entities but the five, nothing too deep or too large, nothing cut off. */
import type { Limits } from './shape.ts'

/** The answer is not XML that may be read. */
export class BadXml extends Error {}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const reference = /&(?:(?:amp|lt|gt|quot|apos);|#([0-9]{1,7});|#x([0-9a-fA-F]{1,6});)?/g

interface Scan {
  readonly text: string
  readonly limits: Limits
  readonly references: boolean
  at: number
  depth: number
  elements: number
}

/** Throws BadXml. Linear in the length of the text. */
export function guardXml(text: string, limits: Limits): void {
  const scan: Scan = { text, limits, references: text.includes('&'), at: 0, depth: 0, elements: 0 }
  if (illegal.test(text)) throw new BadXml('it holds characters that XML forbids')
  while (scan.at < text.length) {
    const open = text.indexOf('<', scan.at)
    passText(scan, open === -1 ? text.length : open)
    if (open !== -1) passMarkup(scan)
  }
  if (scan.elements === 0) throw new BadXml('it has no element')
  if (scan.depth > 0) throw new BadXml('it is cut off: elements are left open')
}

function passText(scan: Scan, end: number): void {
  const { text, at, depth, limits } = scan
  if (end - at > limits.textBytes) throw new BadXml(`it holds a text of more than ${limits.textBytes} characters`)
  if (depth === 0 && end > at && /[^\s\ufeff]/.test(text.slice(at, end))) throw new BadXml('it holds text outside the document')
  checkReferences(scan, at, end)
  scan.at = end
}

const sections: readonly { readonly open: string; readonly close: string; readonly inside: boolean }[] = [
  { open: '<!--', close: '-->', inside: false },
  { open: '<![CDATA[', close: ']]>', inside: true },
  { open: '<?', close: '?>', inside: false }
]

function passMarkup(scan: Scan): void {
  const next = scan.text.charCodeAt(scan.at + 1)
  if (next === 47) passEnd(scan)
  else if (next !== 33 && next !== 63) passStart(scan)
  else passSection(scan)
}

function passSection(scan: Scan): void {
  const { text, at } = scan
  const section = sections.find(({ open }) => text.startsWith(open, at))
  if (section === undefined) throw new BadXml('it has a DOCTYPE or another declaration, which is refused')
  if (section.inside && scan.depth === 0) throw new BadXml('it holds text outside the document')
  const end = text.indexOf(section.close, at + section.open.length)
  if (end === -1) throw new BadXml('it is cut off')
  if (end - at > scan.limits.textBytes) throw new BadXml(`it holds a text of more than ${scan.limits.textBytes} characters`)
  scan.at = end + section.close.length
}

function passEnd(scan: Scan): void {
  const end = scan.text.indexOf('>', scan.at)
  if (end === -1) throw new BadXml('it is cut off')
  scan.depth -= 1
  if (scan.depth < 0) throw new BadXml('it closes an element that is not open')
  scan.at = end + 1
}

function passStart(scan: Scan): void {
  const { text, at, limits } = scan
  const { end, attributes } = tagEnd(text, at + 1, at + limits.textBytes)
  if (attributes > limits.attributes) throw new BadXml(`an element has more than ${limits.attributes} attributes`)
  if (scan.depth === 0 && scan.elements > 0) throw new BadXml('it has more than one root element')
  scan.elements += 1
  if (scan.elements > limits.elements) throw new BadXml(`it has more than ${limits.elements} elements`)
  if (text.charCodeAt(end - 1) !== 47) scan.depth += 1
  if (scan.depth > limits.depth) throw new BadXml(`it is nested deeper than ${limits.depth} elements`)
  checkReferences(scan, at, end)
  scan.at = end + 1
}

/** A `>` inside quotes does not end the tag. */
function tagEnd(text: string, from: number, longest: number): { end: number; attributes: number } {
  let attributes = 0
  for (let at = from; at < text.length; at += 1) {
    if (at > longest) throw new BadXml('it holds a tag that is too long')
    const code = text.charCodeAt(at)
    if (code === 62) return { end: at, attributes }
    if (code === 60) throw new BadXml('a tag stands inside a tag')
    if (code !== 34 && code !== 39) continue
    attributes += 1
    at = text.indexOf(code === 34 ? '"' : "'", at + 1)
    if (at === -1) break
  }
  throw new BadXml('it is cut off')
}

/** XML 1.0, section 4.6: five entities need no declaration, and no other can have one here. */
function checkReferences({ text, references }: Scan, from: number, end: number): void {
  if (!references) return
  const at = text.indexOf('&', from)
  if (at === -1 || at >= end) return
  for (const [found, decimal, hex] of text.slice(at, end).matchAll(reference)) {
    if (found === '&') throw new BadXml('it refers to an entity that XML does not have by itself')
    const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : 65
    if (!legal(code)) throw new BadXml('it refers to a character that XML forbids')
  }
}

const legal = (code: number): boolean =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 32 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff)
