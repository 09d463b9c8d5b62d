/** The fields that a request shows: of its query, and of a body that is a form or JSON. */
import { type Json, own } from '../../../src/index.ts'
import { fileText } from './given-file.ts'

export interface Sent {
  readonly method: string
  readonly url: string
  readonly contentType: string
  /** The browser wrote its body, from a form. */
  readonly isForm: boolean
  readonly body: Buffer | null
}

export interface BodyFields {
  /** The values of that name in the body, at any depth; `isWhole` is false where one of them is no text. */
  of(names: readonly string[]): { readonly values: readonly string[]; readonly isWhole: boolean }
  /** Whether a value that no name leads to stands in it all the same. */
  holds(value: string): boolean
  /** Whether it is a part of a value. */
  includes(text: string): boolean
}

/** A larger one is not looked into; one with files may be larger, as its files are. */
const largestBytes = 4 * 1024 * 1024
const largestWithFiles = 64 * 1024 * 1024
const hasParts = (contentType: string): boolean => /^multipart\/form-data/i.test(contentType)

type Entries = readonly (readonly [name: string, value: Json])[]

/** `charset`: that of the page, in which its forms are written. */
export async function bodyFieldsOf(sent: Sent, charset: string): Promise<BodyFields> {
  const { body, contentType } = sent
  const largest = hasParts(contentType) ? largestWithFiles : largestBytes
  const readable = body === null || body.length > largest ? Buffer.alloc(0) : body
  const queried = /^(GET|HEAD)$/.test(sent.method) ? formEntries(new URL(sent.url).search.slice(1), charset) : []
  const entries = [...queried, ...(await entriesOf(readable, contentType, charset))]
  return {
    of: names => {
      const found = entries.filter(([name]) => names.includes(name)).map(([, value]) => value)
      return { values: found.flatMap(leaves), isWhole: found.every(value => !isNested(value)) }
    },
    holds: value => entries.some(([, each]) => leaves(each).includes(value)) || (value.length > 2 && readable.includes(value)),
    includes: text => entries.some(([, each]) => leaves(each).some(leaf => leaf.includes(text)))
  }
}

async function entriesOf(body: Buffer, contentType: string, charset: string): Promise<Entries> {
  if (/^application\/x-www-form-urlencoded/i.test(contentType)) return formEntries(body.toString('latin1'), charset)
  if (hasParts(contentType)) return partEntries(body, contentType)
  return jsonEntries(body.toString('utf8'))
}

/** WHATWG URL, section 5.1, in the page's own encoding (HTML, "form submission": what it lacks is written as &#8364;). */
const formEntries = (text: string, charset: string): Entries =>
  text.split('&').flatMap(pair => {
    const at = pair.indexOf('=')
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    return [...new Set(['utf-8', charset.toLowerCase()])].map(each => [decoded(name, each), decoded(value, each)] as const)
  })

function decoded(written: string, charset: string): string {
  const bytes = written.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const text = new TextDecoder(charset).decode(Buffer.from(bytes, 'latin1'))
  return charset === 'utf-8' ? text : text.replace(/&#(\d{1,7});/g, (whole, code: string) => character(code) ?? whole)
}

const character = (code: string): string | undefined => (Number(code) <= 0x10_ff_ff ? String.fromCodePoint(Number(code)) : undefined)

async function partEntries(body: Buffer, contentType: string): Promise<Entries> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData().catch(() => undefined)
  return [...(form?.entries() ?? [])].map(([name, value]) => [name, typeof value === 'string' ? value : partText(value)] as const)
}

/** A field for files that has none sends a part without a name. */
const partText = (file: File): string => (file.name === '' && file.size === 0 ? '' : fileText(file))

function jsonEntries(text: string): Entries {
  if (!/^\s*[{[]/.test(text)) return []
  try {
    return members(JSON.parse(text, digitsKept) as Json)
  } catch {
    return []
  }
}

/** A number as it is written: a double has not all digits. */
const digitsKept = (_: string, value: Json, context?: { readonly source?: string }): Json =>
  typeof value === 'number' ? (context?.source ?? String(value)) : value

const isNested = (value: Json): boolean => typeof value === 'object' && value !== null

function members(value: Json): Entries {
  const [found, open]: [(readonly [string, Json])[], Json[]] = [[], [value]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === null || typeof next !== 'object') continue
    const isList = Array.isArray(next)
    for (const name of Object.keys(next)) {
      const member = own(next as Readonly<Record<string, Json>>, name) ?? null
      if (!isList) found.push([name, member])
      open.push(member)
    }
  }
  return found
}

function leaves(value: Json): readonly string[] {
  const [found, open]: [string[], Json[]] = [[], [value]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next !== null && typeof next === 'object') open.push(...Object.values(next))
    else found.push(next === null ? '' : String(next))
  }
  return found
}
