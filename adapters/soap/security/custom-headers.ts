/** SOAP headers that the manifest writes itself: names as keys, values with expressions. */
import { escapeAttribute, escapeText, type Json, type JsonObject, type Template } from '../../../src/index.ts'
import { legalText, Unwritable } from '../write-scalar.ts'

export interface CustomHeaders {
  readonly template: Template
  /** The names that the manifest writes; no expression brings others. */
  readonly keys: ReadonlySet<string>
  /** The declarations of the prefixes among them, as attributes. */
  readonly declarations: string
}

type Path = readonly (string | number)[]

interface Checks {
  /** Notes that the header declares the prefix; false when it is not known. */
  use(prefix: string): boolean
  issue(path: Path, message: string): void
}

const name = /^@?(?:([A-Za-z_][\w.-]*):)?([\p{L}_][\p{L}\p{M}\p{N}_.\-\u00b7]*)$/u
const isMap = (value: Json | undefined): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

/** Every name in the value, checked: `pre:name` an element, `@name` an attribute, `#text` the text beside attributes. */
export function headerKeys(value: Json, checks: Checks, path: Path = []): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => headerKeys(each as Json, checks, [...path, index]))
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const [, prefix, local] = key === '#text' ? [key, undefined, key] : (name.exec(key) ?? [])
    if (local === undefined) checks.issue([...path, key], 'must be an element name, as cb:User, an attribute, as @version, or #text')
    if (prefix !== undefined && !checks.use(prefix)) checks.issue([...path, key], `the prefix ${prefix} is not in target.namespaces`)
    return [key, ...headerKeys(inner, checks, [...path, key])]
  })
}

/** Without prefix and sign: what no artifact shows. */
export const localNames = (keys: Iterable<string>): readonly string[] => [...keys].flatMap(key => name.exec(key)?.[2] ?? [])

/** Throws Unwritable. */
export async function writeHeaders(
  headers: readonly CustomHeaders[],
  render: (template: Template) => Promise<Json | undefined>
): Promise<string> {
  const written = headers.map(async ({ template, keys, declarations }) => {
    const value = await render(template)
    return isMap(value) ? writeInside(value, { keys, pointer: '/headers', declarations }).content : ''
  })
  return (await Promise.all(written)).join('')
}

interface Place {
  readonly keys: ReadonlySet<string>
  readonly pointer: string
  /** On the elements here. */
  readonly declarations: string
}

function writeInside(value: JsonObject, place: Place): { attributes: string; content: string } {
  let attributes = ''
  let content = ''
  for (const [key, inner] of Object.entries(value)) {
    const at = `${place.pointer}/${key}`
    if (!place.keys.has(key)) throw new Unwritable(at, 'is not a name that the manifest writes')
    if (inner === null) continue
    if (key === '#text') content += escapeText(textOf(inner, at))
    else if (key.startsWith('@')) attributes += ` ${key.slice(1)}="${escapeAttribute(textOf(inner, at))}"`
    else content += writeElement(key, inner, { ...place, pointer: at })
  }
  return { attributes, content }
}

/** A list repeats its element; what has no value is left out. */
function writeElement(key: string, value: Json, place: Place): string {
  if (value === null) return ''
  const { pointer, declarations } = place
  if (Array.isArray(value))
    return value.map((each, index) => writeElement(key, each as Json, { ...place, pointer: `${pointer}/${index}` })).join('')
  if (!isMap(value)) return `<${key}${declarations}>${escapeText(textOf(value, pointer))}</${key}>`
  const { attributes, content } = writeInside(value, { ...place, declarations: '' })
  return `<${key}${declarations}${attributes}>${content}</${key}>`
}

function textOf(value: Json, pointer: string): string {
  if (value !== null && typeof value === 'object') throw new Unwritable(pointer, 'must be a text')
  return legalText(String(value), pointer)
}
