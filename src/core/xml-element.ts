/** An element of XML as it is read and written, and how it is looked at. */

export interface XmlElement {
  readonly prefix: string
  readonly local: string
  /** '' is no namespace. */
  readonly uri: string
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly (XmlElement | string)[]
  readonly scope: Scope
}
export interface XmlAttribute {
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly value: string
}
/** Prefix → namespace; its prototype is the scope around it, and the last one has none. */
export type Scope = Readonly<Record<string, string>>

const xmlUri = 'http://www.w3.org/XML/1998/namespace'
export const noScope: Scope = Object.freeze(Object.assign(Object.create(null), { '': '', xml: xmlUri }))

/** Everything that is in scope, the innermost first. */
export function declarationsIn(scope: Scope): readonly (readonly [prefix: string, uri: string])[] {
  const found: [string, string][] = []
  for (const prefix in scope) found.push([prefix, scope[prefix] as string])
  return found
}

export const childElements = ({ children }: XmlElement): readonly XmlElement[] => children.filter(child => typeof child !== 'string')

export function attribute({ attributes }: XmlElement, local: string, uri = ''): string | undefined {
  return attributes.find(each => each.local === local && each.uri === uri)?.value
}

/** The element's own text, without that of its children. */
export const textContent = ({ children }: XmlElement): string => children.filter(child => typeof child === 'string').join('')
