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
/** Prefix → namespace, on top of the scope around it. */
export class Scope {
  private readonly own: ReadonlyMap<string, string>
  private readonly outer: Scope | undefined

  constructor(own: ReadonlyMap<string, string>, outer?: Scope) {
    this.own = own
    this.outer = outer
  }

  /** '' is the default namespace. */
  get(prefix: string): string | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.outer) {
      const uri = scope.own.get(prefix)
      if (uri !== undefined) return uri
    }
    return undefined
  }

  /** Everything that is in scope, the innermost first. */
  declarations(): readonly (readonly [prefix: string, uri: string])[] {
    const found = new Map<string, string>()
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.outer)
      for (const [prefix, uri] of scope.own) if (!found.has(prefix)) found.set(prefix, uri)
    return [...found]
  }
}

export const noScope = new Scope(
  new Map([
    ['', ''],
    ['xml', 'http://www.w3.org/XML/1998/namespace']
  ])
)

export const childElements = ({ children }: XmlElement): readonly XmlElement[] => children.filter(child => typeof child !== 'string')

export function attribute({ attributes }: XmlElement, local: string, uri = ''): string | undefined {
  return attributes.find(each => each.local === local && each.uri === uri)?.value
}

/** The element's own text, without that of its children. */
export const textContent = ({ children }: XmlElement): string => children.filter(child => typeof child === 'string').join('')
