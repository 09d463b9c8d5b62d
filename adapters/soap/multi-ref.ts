/** SOAP-encoded answers may put a value aside and point at it with href or ref: puts each back where it belongs. */

import { BadXml } from './bad-xml.ts'
import type { Name } from './mapping.ts'
import { attributeOf, childrenOf, type Element, textOf } from './parse-xml.ts'
import { Unreadable } from './read-scalar.ts'
import { doAtOnce, doEach, doInPieces, type Work } from './work.ts'

const soap11 = 'http://schemas.xmlsoap.org/soap/encoding/'
const soap12 = 'http://www.w3.org/2003/05/soap-encoding'
const deepest = 100

interface Joining {
  readonly work: Work
  readonly byId: Map<string, Element>
  /** Something points at a value. */
  refers: boolean
  /** Values that many places point at can grow without end. */
  left: number
}

/** The body without what was put aside. Throws BadXml, or Unreadable where something refers to nothing. */
export function joinReferences(body: Element, mostElements: number): Element {
  const { work, joined } = startJoining(body, mostElements)
  doAtOnce(work)
  return joined()
}

/** The same; others get their turn in between. */
export async function joinReferencesInPieces(body: Element, mostElements: number, signal: AbortSignal): Promise<Element> {
  const { work, joined } = startJoining(body, mostElements)
  await doInPieces(work, signal)
  return joined()
}

function startJoining(body: Element, mostElements: number): { readonly work: Work; joined(): Element } {
  const work: Work = []
  const joining: Joining = { work, byId: new Map(), refers: false, left: mostElements }
  let joined = body
  work.push(() => {
    if (joining.refers) joined = join(joining, body, 0)
  })
  const elements = inOrder(body)
  doEach(work, Number.POSITIVE_INFINITY, () => {
    const { value: element, done } = elements.next()
    if (done) return Number.POSITIVE_INFINITY
    const id = idOf(element)
    if (id !== undefined) joining.byId.set(id, element)
    joining.refers ||= referenceOf(element) !== undefined
    return 1
  })
  return { work, joined: () => joined }
}

function* inOrder(root: Element): Generator<Element, undefined> {
  const open = [root]
  for (let element = open.pop(); element !== undefined; element = open.pop()) {
    yield element
    for (const child of childrenOf(element).toReversed()) open.push(child)
  }
}

/** An element with something in it stands for itself, whatever its attributes say. */
function referenceOf(element: Element): string | undefined {
  if (element.attributes.length === 0) return undefined
  const reference = attributeOf(element, '', 'href') ?? attributeOf(element, soap12, 'ref')
  return reference === undefined || childrenOf(element).length > 0 || textOf(element).trim() !== '' ? undefined : reference
}

const idOf = (element: Element): string | undefined => attributeOf(element, '', 'id') ?? attributeOf(element, soap12, 'id')

/** SOAP 1.1, section 5.6: the one that says so, and none that says that it is not; values that were put aside have an id. */
export function rootOf(elements: readonly Element[], expected: Name | string): Element | undefined {
  const rank = (element: Element): number => {
    const said = attributeOf(element, soap11, 'root')?.trim()
    if (said === '1' || said === 'true') return 0
    if (said === '0' || said === 'false') return 4
    if (typeof expected !== 'string' && element.local === expected.local) return 1
    return idOf(element) === undefined ? 2 : 3
  }
  return elements.toSorted((one, other) => rank(one) - rank(other))[0]
}

/** Its children come later. */
function join(joining: Joining, element: Element, depth: number): Element {
  joining.left -= 1
  if (joining.left < 0) throw new BadXml('its references make it too large')
  if (depth > deepest) throw new BadXml('its references go in a circle')
  const reference = referenceOf(element)
  const target = reference === undefined ? undefined : joining.byId.get(reference.replace(/^#/, ''))
  if (reference !== undefined && target === undefined)
    throw new Unreadable(`${element.local} refers to ${reference}, which the message does not have`.slice(0, 300))
  const meant =
    target === undefined ? element : { ...element, attributes: target.attributes, children: target.children, scope: target.scope }
  if (target !== undefined && referenceOf(meant) !== undefined) return join(joining, meant, depth + 1)
  const { work } = joining
  const children: (Element | string)[] = []
  const one = (index: number): number => {
    const child = meant.children[index] as Element | string
    children.push(typeof child === 'string' ? child : join(joining, child, depth + 1))
    return 1
  }
  if (meant.children.length > 0) work.push(() => doEach(work, meant.children.length, one))
  return { ...meant, children }
}
