/** SOAP-encoded answers may put a value aside and point at it with href or ref: puts each back where it belongs. */

import { BadXml } from './bad-xml.ts'
import { attributeOf, childrenOf, type Element } from './parse-xml.ts'
import { doAtOnce, doEach, doInPieces, type Work } from './work.ts'

const soap12 = 'http://www.w3.org/2003/05/soap-encoding'
const deepest = 100

interface Joining {
  readonly work: Work
  readonly byId: Map<string, Element>
  /** Values that many places point at can grow without end. */
  left: number
}

/** The body without what was put aside. Throws BadXml. */
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
  const joining: Joining = { work, byId: new Map(), left: mostElements }
  let joined = body
  work.push(() => {
    if (joining.byId.size > 0) joined = join(joining, body, 0)
  })
  const elements = inOrder(body)
  doEach(work, Number.POSITIVE_INFINITY, () => {
    const { value: element, done } = elements.next()
    if (done) return Number.POSITIVE_INFINITY
    const id = attributeOf(element, '', 'id') ?? attributeOf(element, soap12, 'id')
    if (id !== undefined) joining.byId.set(id, element)
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

function referenceOf(element: Element): string | undefined {
  const href = attributeOf(element, '', 'href')
  return href?.startsWith('#') ? href.slice(1) : attributeOf(element, soap12, 'ref')
}

/** Its children come later. */
function join(joining: Joining, element: Element, depth: number): Element {
  joining.left -= 1
  if (joining.left < 0) throw new BadXml('its references make it too large')
  if (depth > deepest) throw new BadXml('its references go in a circle')
  const id = referenceOf(element)
  const target = id === undefined ? undefined : joining.byId.get(id)
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
