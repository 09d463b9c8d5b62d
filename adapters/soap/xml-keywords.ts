/** The `xml` keywords: OpenAPI's, and ours with x- before them. */
import type { JsonSchema } from '../../src/index.ts'
import type { MappingContext } from './compile-mapping.ts'
import type { Path } from './resolve-schema.ts'

export interface Xml {
  readonly name?: string
  readonly namespace?: string
  readonly prefix?: string
  readonly attribute?: boolean
  readonly wrapped?: boolean
  /** The property is the text of its element. */
  readonly 'x-text'?: boolean
  /** Values in one text, blanks between them. */
  readonly 'x-list'?: boolean
  /** Elements that stand together without one around them. */
  readonly 'x-group'?: boolean
  /** Elements of any name, each as XML text. */
  readonly 'x-any'?: boolean
  readonly 'x-any-name'?: boolean
  readonly 'x-any-attribute'?: boolean
  /** Everything inside, as XML text. */
  readonly 'x-content'?: boolean
  readonly 'x-qname'?: boolean
  readonly 'x-header'?: boolean
  /** Bytes that may travel beside the envelope: `xop` (MTOM), `swaRef` (a reference in the element), `part` (no element at all). */
  readonly 'x-attachment'?: string
  /** The prefix of an object's elements; '' is no namespace. */
  readonly 'x-elements'?: string
  readonly 'x-type'?: string
  readonly 'x-array'?: string
  /** The property says which of several types this is: the type's name. */
  readonly 'x-kind'?: string
}

const types: Readonly<Record<keyof Xml, 'string' | 'boolean'>> = {
  name: 'string',
  namespace: 'string',
  prefix: 'string',
  attribute: 'boolean',
  wrapped: 'boolean',
  'x-text': 'boolean',
  'x-list': 'boolean',
  'x-group': 'boolean',
  'x-any': 'boolean',
  'x-any-name': 'boolean',
  'x-any-attribute': 'boolean',
  'x-content': 'boolean',
  'x-qname': 'boolean',
  'x-header': 'boolean',
  'x-attachment': 'string',
  'x-elements': 'string',
  'x-type': 'string',
  'x-array': 'string',
  'x-kind': 'string'
}

const attachments: ReadonlySet<string> = new Set(['xop', 'swaRef', 'part'])

const isMap = (value: unknown): boolean => value !== null && typeof value === 'object' && !Array.isArray(value)

export const xmlOf = ({ xml }: JsonSchema): Xml => (isMap(xml) ? (xml as Xml) : {})

export function checkXml({ issue }: Pick<MappingContext, 'issue'>, schema: JsonSchema, path: Path): void {
  if (schema.xml !== undefined && !isMap(schema.xml)) issue([...path, 'xml'], 'must be an object, as { name: customerId }')
  for (const [key, value] of Object.entries(xmlOf(schema))) {
    if (!Object.hasOwn(types, key)) issue([...path, 'xml', key], `is not a key of xml: use one of ${Object.keys(types).join(', ')}`)
    else if (typeof value !== types[key as keyof Xml]) issue([...path, 'xml', key], `must be a ${types[key as keyof Xml]}`)
    else if (key === 'x-attachment' && !attachments.has(String(value)))
      issue([...path, 'xml', key], `must be one of ${[...attachments].join(', ')}`)
  }
}
