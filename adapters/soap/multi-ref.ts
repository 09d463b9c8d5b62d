/** SOAP-encoded answers may put a value aside and point at it with href or ref: puts each back where it belongs. */

import { BadXml } from './bad-xml.ts'
import { attributeOf, childrenOf, type Element } from './parse-xml.ts'

const soap12 = 'http://www.w3.org/2003/05/soap-encoding'
const deepest = 100

interface Joining {
  readonly byId: ReadonlyMap<string, Element>
  /** Values that many places point at can grow without end. */
  left: number
}

/** The body without what was put aside. Throws BadXml. */
export function joinReferences(body: Element, mostElements: number): Element {
  const byId = new Map<string, Element>()
  for (const element of withIds(body)) {
    const id = attributeOf(element, '', 'id') ?? attributeOf(element, soap12, 'id')
    if (id !== undefined) byId.set(id, element)
  }
  return byId.size === 0 ? body : join({ byId, left: mostElements }, body, 0)
}

function* withIds(element: Element): Generator<Element> {
  yield element
  for (const child of childrenOf(element)) yield* withIds(child)
}

function referenceOf(element: Element): string | undefined {
  const href = attributeOf(element, '', 'href')
  return href?.startsWith('#') ? href.slice(1) : attributeOf(element, soap12, 'ref')
}

function join(joining: Joining, element: Element, depth: number): Element {
  joining.left -= 1
  if (joining.left < 0) throw new BadXml('its references make it too large')
  if (depth > deepest) throw new BadXml('its references go in a circle')
  const id = referenceOf(element)
  const target = id === undefined ? undefined : joining.byId.get(id)
  const meant =
    target === undefined ? element : { ...element, attributes: target.attributes, children: target.children, scope: target.scope }
  if (target !== undefined && referenceOf(meant) !== undefined) return join(joining, meant, depth + 1)
  return { ...meant, children: meant.children.map(child => (typeof child === 'string' ? child : join(joining, child, depth + 1))) }
}
