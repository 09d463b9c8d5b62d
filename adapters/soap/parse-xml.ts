/** XML text → elements with their namespaces resolved, so that prefixes do not matter. */
import { attribute, childElements, parseXmlTreeInPieces, textContent, type XmlElement, XmlError } from '../../src/index.ts'
import { BadXml } from './bad-xml.ts'
import type { Limits } from './shape.ts'

export type Element = XmlElement

/** The root element. Throws BadXml. */
export async function parseXml(text: string, limits: Limits, signal: AbortSignal): Promise<Element> {
  const { answerBytes, textBytes, depth, elements, attributes } = limits
  try {
    const bounds = { characters: answerBytes, textCharacters: textBytes, depth, elements, attributes }
    return await parseXmlTreeInPieces(text, { limits: bounds }, signal)
  } catch (error) {
    if (error instanceof XmlError) throw new BadXml(`it is not well formed: ${error.message}`)
    throw error
  }
}

export const childrenOf = childElements

/** The value of an attribute; attributes without a prefix are in no namespace. */
export const attributeOf = (element: Element, uri: string, local: string): string | undefined => attribute(element, local, uri)

/** The element's own text, without that of its children. */
export const textOf = textContent
