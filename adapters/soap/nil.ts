/** Whether an element says that it has no value. */
import { xsi } from './namespaces.ts'
import { attributeOf, type Element } from './parse-xml.ts'

export function isNil(element: Element): boolean {
  if (element.attributes.length === 0) return false
  const nil = (attributeOf(element, xsi, 'nil') ?? olderNil(element))?.trim()
  return nil === 'true' || nil === '1'
}

/** Before 2001 it was `null`. */
const olderNil = ({ attributes }: Element): string | undefined =>
  attributes.find(({ uri, local }) => local === 'null' && olderXsi.test(uri))?.value

const olderXsi = /^http:\/\/www\.w3\.org\/(?:1999|2000\/10)\/XMLSchema-instance$/
