/** How JSON and XML correspond: what a JSON Schema with OpenAPI's `xml` keywords compiles to. One mapping serves writing and reading. */
export interface Name {
  /** '' is no namespace. */
  readonly uri: string
  readonly local: string
  /** With the prefix that requests declare. */
  readonly qname: string
}

export type Mapping = ScalarMapping | ObjectMapping
export type ScalarType = 'string' | 'number' | 'integer' | 'boolean'

export interface ScalarMapping {
  readonly kind: 'scalar'
  readonly type: ScalarType
  readonly format: string | undefined
  /** White space around the text means nothing (xs:token, dates, enumerations). */
  readonly token: boolean
  readonly allowed: ReadonlySet<unknown> | undefined
  readonly nillable: boolean
}

export interface ObjectMapping {
  readonly kind: 'object'
  readonly attributes: readonly Member[]
  /** The property that holds the text beside attributes. */
  readonly text: Member | undefined
  /** In the order of the wire. */
  readonly elements: readonly Member[]
  readonly properties: ReadonlySet<string>
  /** Child elements by `nameKey`; a wrapped list by its wrapper. */
  readonly byName: ReadonlyMap<string, Member>
  readonly nillable: boolean
}

export interface Member {
  readonly property: string
  readonly required: boolean
  /** Of each item, where the property is a list. */
  readonly name: Name
  readonly list: boolean
  readonly wrapper: Name | undefined
  readonly mapping: Mapping
}

export const nameKey = (uri: string, local: string): string => `${uri} ${local}`
