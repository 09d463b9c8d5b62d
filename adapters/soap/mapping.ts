/** How JSON and XML correspond: what a JSON Schema with OpenAPI's `xml` keywords compiles to. One mapping serves writing and reading. */
export interface Name {
  /** '' is no namespace. */
  readonly uri: string
  readonly local: string
  /** With the prefix that requests declare. */
  readonly qname: string
}

export type Mapping = ScalarMapping | ListMapping | ObjectMapping | VariantsMapping
export type ScalarType = 'string' | 'number' | 'integer' | 'boolean'

export interface ScalarMapping {
  readonly kind: 'scalar'
  readonly type: ScalarType
  /** Digits that a number can not hold stay text. */
  readonly orText: boolean
  readonly format: string | undefined
  /** White space around the text means nothing (xs:token, dates, enumerations). */
  readonly token: boolean
  readonly allowed: ReadonlySet<unknown> | undefined
  /** The limits of a number that may travel as text, where its schema has some. */
  readonly limits: Limits | undefined
  /** A name with a namespace, as {namespace}name. */
  readonly qualified: boolean
  readonly nillable: boolean
  /** Written as xsi:type (rpc/encoded). */
  readonly typeName: Name | undefined
  /** Bytes that travel beside the envelope, with what stands in their place. */
  readonly attachment: 'xop' | 'swaRef' | undefined
  readonly mediaType: string
}

/** As in JSON Schema. */
export interface Limits {
  readonly minimum: number
  readonly maximum: number
  readonly exclusiveMinimum: number
  readonly exclusiveMaximum: number
}

/** xs:double and xs:float: digits beyond those of a double mean nothing. */
export const isBinary = ({ format }: ScalarMapping): boolean => format === 'double' || format === 'float'

/** Values in one text, blanks between them (xs:list). */
export interface ListMapping {
  readonly kind: 'list'
  readonly item: ScalarMapping
  readonly nillable: boolean
  readonly typeName: Name | undefined
}

export interface ObjectMapping {
  readonly kind: 'object'
  readonly attributes: readonly Member[]
  /** The property that holds the text beside attributes. */
  readonly text: Member | undefined
  /** The property that holds everything inside as XML text. */
  readonly content: string | undefined
  /** The property that holds attributes of other names. */
  readonly otherAttributes: string | undefined
  /** The property that holds SOAP headers; of a root only. */
  readonly header: Member | undefined
  /** Values that are parts of the message beside the envelope; of a root only. */
  readonly attached: readonly Attached[]
  /** The property that says which of several types this is, as xsi:type. */
  readonly which: Which | undefined
  /** In the order of the wire. */
  readonly elements: readonly Member[]
  readonly properties: ReadonlySet<string>
  /** Places in `elements` by `nameKey`; a wrapped list by its wrapper, a group by all of its elements. */
  readonly byName: ReadonlyMap<string, readonly number[]>
  /** The place of the member that takes elements which no other one knows. */
  readonly rest: number | undefined
  /** Some of its members are groups. */
  readonly grouped: boolean
  readonly nillable: boolean
  readonly typeName: Name | undefined
  /** The type of the items of a SOAP-encoded array. */
  readonly itemType: Name | undefined
}

export interface Attached {
  readonly property: string
  /** The name of the part, as the WSDL says. */
  readonly name: string
  readonly mediaType: string
}

export interface Which {
  readonly property: string
  readonly value: string
  readonly name: Name
}

/** One of several objects. */
export interface VariantsMapping {
  readonly kind: 'variants'
  readonly variants: readonly { readonly mapping: ObjectMapping; readonly required: readonly string[] }[]
  readonly nillable: boolean
}

export interface Member {
  readonly property: string
  /** `group`: its elements stand here without one around them. `any`: whole elements as text. */
  readonly role: 'element' | 'group' | 'any'
  readonly required: boolean
  /** The name of each item, where the property is a list. */
  readonly name: Name
  /** Items of an encoded array may have any name. */
  readonly anyName: boolean
  readonly list: boolean
  /** It may have to be absent: no list is then not the empty list. */
  readonly conditional: boolean
  readonly wrapper: Name | undefined
  readonly mapping: Mapping
}

export const nameKey = (uri: string, local: string): string => `${uri} ${local}`

/** The member that holds SOAP headers: of a message that is one of several kinds, each has the same. */
export const headerOf = (mapping: ObjectMapping | VariantsMapping): Member | undefined =>
  mapping.kind === 'object' ? mapping.header : mapping.variants.find(({ mapping: each }) => each.header !== undefined)?.mapping.header
