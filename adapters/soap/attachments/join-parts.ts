/** Puts the parts of a multipart message where the envelope refers to them: as base64, or as whatever stands for them. */
import type { Json, JsonObject, Steps } from '../../../src/index.ts'
import { BadXml } from '../bad-xml.ts'
import type { ObjectMapping, VariantsMapping } from '../mapping.ts'
import { attributeOf, childrenOf, type Element } from '../parse-xml.ts'
import type { Part } from './part.ts'
import { xop } from './xop.ts'

/** The text that stands for a part in the JSON. */
export type Texts = ReadonlyMap<Part, string>

export interface Joined {
  readonly root: Element
  /** Parts that nothing in the envelope refers to. */
  readonly loose: readonly Part[]
}

interface Joining {
  readonly byId: ReadonlyMap<string, Part>
  readonly texts: Texts
  readonly used: Set<Part>
  /** Many places may refer to the same large part. */
  left: number
}

export function* joinParts(root: Element, texts: Texts, mostCharacters: number): Steps<Joined> {
  if (texts.size === 0) return { root, loose: [] }
  const byId = new Map([...texts.keys()].flatMap(part => (part.id === '' ? [] : [[part.id, part] as const])))
  const joining: Joining = { byId, texts, used: new Set(), left: mostCharacters }
  const joined = yield* join(joining, root)
  return { root: joined, loose: [...texts.keys()].filter(part => !joining.used.has(part)) }
}

/** A step is an element with elements in it. */
function* join(joining: Joining, element: Element): Steps<Element> {
  const text = textFor(joining, element)
  if (text !== undefined) return { ...element, children: [text] }
  if (element.children.every(child => typeof child === 'string')) return element
  const children: (Element | string)[] = []
  let changed = false
  for (const child of element.children) {
    const joined = typeof child === 'string' ? child : yield* join(joining, child)
    changed ||= joined !== child
    children.push(joined)
    yield
  }
  return changed ? { ...element, children } : element
}

/** XOP, section 3.2; SOAP messages with attachments, section 3; WS-I's swaRef. */
function textFor(joining: Joining, element: Element): string | undefined {
  const [first, ...more] = childrenOf(element)
  if (first !== undefined) {
    const include = more.length === 0 && first.uri === xop && first.local === 'Include'
    return include ? take(joining, attributeOf(first, '', 'href') ?? '', true) : undefined
  }
  const href = attributeOf(element, '', 'href')
  if (href?.startsWith('cid:')) return take(joining, href, true)
  const [text] = element.children
  return typeof text === 'string' && text.length < 1_000 && text.trim().startsWith('cid:') ? take(joining, text.trim(), false) : undefined
}

function take(joining: Joining, reference: string, needed: boolean): string | undefined {
  const part = joining.byId.get(idOf(reference))
  const text = part === undefined ? undefined : joining.texts.get(part)
  if (part === undefined || text === undefined) {
    if (needed) throw new BadXml('it refers to an attachment that it does not have')
    return undefined
  }
  joining.used.add(part)
  joining.left -= text.length
  if (joining.left < 0) throw new BadXml('its references to attachments make it too large')
  return text
}

/** RFC 2392: a Content-ID in an address, its odd characters written with %. */
function idOf(reference: string): string {
  const id = reference.replace(/^cid:/, '')
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

/** Parts that are values by themselves: by the name in their Content-ID (WS-I Attachments Profile, section 3.8), otherwise in their order. */
export function withParts(
  mapping: ObjectMapping | VariantsMapping,
  { value, joined: { loose }, texts }: { readonly value: Json; readonly joined: Joined; readonly texts: Texts }
): Json {
  const members = mapping.kind === 'object' ? mapping.attached : []
  if (members.length === 0 || loose.length === 0) return value
  const named = (name: string) => loose.find(({ id }) => id === name || id.startsWith(`${name}=`))
  const taken = new Set(members.map(({ name }) => named(name)))
  const rest = loose.filter(part => !taken.has(part))
  const values: Record<string, Json> = { ...(value as JsonObject) }
  for (const { property, name } of members) {
    const part = named(name) ?? rest.shift()
    const text = part === undefined ? undefined : texts.get(part)
    if (text !== undefined) Object.defineProperty(values, property, { value: text, enumerable: true })
  }
  return values
}
