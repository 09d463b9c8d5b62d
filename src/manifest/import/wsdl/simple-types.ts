/** XSD simple types → JSON Schemas of scalars, and of lists of them. */

import { isExact } from '../../../core/decimal.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import { attribute, childElements, type XmlElement } from '../../../core/xml-element.ts'
import { documentationOf } from './definitions.ts'
import { isXsd, keyOf, type QName, resolveQName, soapEncodings } from './qname.ts'
import { toPattern } from './regex.ts'
import { refOf, type SchemaContext, type SchemaSet } from './schema-set.ts'

export type Simple = JsonObject

const text: Simple = { type: 'string' }
/** Beyond 2^53 the digits travel as text. */
const whole = (pattern: string, limits: JsonObject = {}): Simple => ({ type: ['integer', 'string'], pattern, ...limits })
const long = whole('^[+-]?[0-9]{1,20}$')
/** So do those of a decimal that a double does not keep. */
const decimal: Simple = { type: ['number', 'string'], pattern: '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)$' }
/** Values that JSON has no number for become text. */
const binary = (format: string): Simple => ({ type: ['number', 'string'], format, pattern: '^(-?INF|NaN)$' })
const between = (minimum: number, maximum: number): Simple => ({ type: 'integer', minimum, maximum })
const like = (pattern: string, description: string, example = 'sample'): Simple => ({ type: 'string', pattern, description, example })
const list = (items: Simple): Simple => ({ type: 'array', items, xml: { 'x-list': true } })

const token: Simple = { type: 'string', pattern: '^\\S+$' }
const name: Simple = { type: 'string', pattern: '^[^\\s:]+$', example: 'sample' }

export const builtins: Readonly<Record<string, Simple>> = {
  string: text,
  normalizedString: text,
  token: text,
  language: like('^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$', 'Language tag, as en-GB', 'en-GB'),
  Name: token,
  NCName: name,
  NMTOKEN: token,
  NMTOKENS: list(token),
  ID: name,
  IDREF: name,
  IDREFS: list(name),
  ENTITY: name,
  ENTITIES: list(name),
  NOTATION: text,
  QName: {
    type: 'string',
    description: 'Qualified name: {namespace}name, or a name alone',
    example: '{urn:example}name',
    xml: { 'x-qname': true }
  },
  anyURI: text,
  uriReference: text,
  CDATA: text,
  anySimpleType: text,
  anyAtomicType: text,
  boolean: { type: 'boolean' },
  decimal,
  float: binary('float'),
  double: binary('double'),
  integer: whole('^[+-]?[0-9]+$'),
  int: { type: 'integer', format: 'int32' },
  long,
  short: between(-32_768, 32_767),
  byte: between(-128, 127),
  nonNegativeInteger: whole('^[+]?[0-9]+$', { minimum: 0 }),
  positiveInteger: whole('^[+]?0*[1-9][0-9]*$', { minimum: 1 }),
  nonPositiveInteger: whole('^(-[0-9]+|[+]?0+)$', { maximum: 0 }),
  negativeInteger: whole('^-0*[1-9][0-9]*$', { maximum: -1 }),
  unsignedLong: whole('^[+]?[0-9]{1,20}$'),
  unsignedInt: between(0, 4_294_967_295),
  unsignedShort: between(0, 65_535),
  unsignedByte: between(0, 255),
  dateTime: { type: 'string', format: 'iso-date-time', description: 'Date and time, as 2026-01-31T09:30:00Z' },
  timeInstant: { type: 'string', format: 'iso-date-time', description: 'Date and time, as 2026-01-31T09:30:00Z' },
  date: { type: 'string', format: 'date' },
  time: { type: 'string', format: 'iso-time', description: 'Time, as 09:30:00' },
  duration: like('^-?P[0-9YMDTHS.]+$', 'Duration, as P1DT12H', 'P1DT12H'),
  gYear: like('^-?[0-9]{4,}(Z|[+-][0-9]{2}:[0-9]{2})?$', 'Year, as 2026', '2026'),
  gYearMonth: like('^-?[0-9]{4,}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?$', 'Year and month, as 2026-01', '2026-01'),
  gMonth: like('^--[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?$', 'Month, as --01', '--01'),
  gMonthDay: like('^--[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?$', 'Month and day, as --01-31', '--01-31'),
  gDay: like('^---[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?$', 'Day, as ---31', '---31'),
  hexBinary: like('^([0-9a-fA-F]{2})*$', 'Bytes in hexadecimal digits', '0aff'),
  base64Binary: { type: 'string', contentEncoding: 'base64', description: 'Bytes in base64' },
  base64: { type: 'string', contentEncoding: 'base64', description: 'Bytes in base64' },
  binary: { type: 'string', contentEncoding: 'base64', description: 'Bytes in base64' }
}

/** WS-I Attachments Profile, section 4.4: the element refers to a part beside the envelope. */
export const swaRef: QName = { uri: 'http://ws-i.org/profiles/basic/1.1/xsd', local: 'swaRef' }
export const isSwaRef = ({ uri, local }: QName): boolean => uri === swaRef.uri && local === swaRef.local

export const isBuiltin = ({ uri, local }: QName): boolean => (isXsd(uri) || soapEncodings.has(uri)) && Object.hasOwn(builtins, local)

export interface SimpleContext {
  readonly set: SchemaSet
  warn(message: string): void
}

interface Place {
  readonly node: XmlElement
  readonly context: SchemaContext
  /** Types on the way here: a circle would never end. */
  readonly via: ReadonlySet<string>
}

const nowhere: ReadonlySet<string> = new Set()

export function namedSimple(types: SimpleContext, type: QName, via = nowhere): Simple {
  if (isBuiltin(type)) return builtins[type.local] as Simple
  if (isSwaRef(type)) return { ...builtins.base64Binary, xml: { 'x-attachment': 'swaRef' } }
  const key = keyOf(type)
  const found = types.set.find('type', type)
  if (found === undefined || found.node.local !== 'simpleType' || via.has(key)) {
    types.warn(`The simple type ${key} is not there: it is taken as text.`)
    return text
  }
  return inlineSimple(types, found.node, found.context, new Set([...via, key]))
}

export function inlineSimple(types: SimpleContext, node: XmlElement, context: SchemaContext, via = nowhere): Simple {
  const place = { node, context, via }
  const [inner] = childElements(node).filter(({ local }) => ['restriction', 'list', 'union'].includes(local))
  const made = inner === undefined ? text : derivations[inner.local as keyof typeof derivations](types, inner, place)
  const documentation = documentationOf(node)
  return documentation === '' ? made : { ...made, description: [documentation, enumNotes(made)].filter(Boolean).join(' ') }
}

const enumNotes = ({ enum: values, description }: Simple): string => (values === undefined ? '' : String(description ?? ''))
const simpleChildren = (node: XmlElement) => childElements(node).filter(({ local }) => local === 'simpleType')

const derivations = {
  list: (types: SimpleContext, node: XmlElement, { context, via }: Place): Simple => {
    const named = refOf(node, context, 'itemType')
    const [own] = simpleChildren(node)
    const items = named !== undefined ? namedSimple(types, named, via) : own !== undefined ? inlineSimple(types, own, context, via) : text
    return list(items.type === 'array' ? text : items)
  },
  union: (types: SimpleContext, node: XmlElement, { context, via }: Place): Simple => {
    const names = (attribute(node, 'memberTypes') ?? '').trim().split(/\s+/).filter(Boolean)
    const members = [
      ...names.map(each =>
        namedSimple(types, refOf({ ...node, attributes: [{ prefix: '', local: 'm', uri: '', value: each }] }, context, 'm') as QName, via)
      ),
      ...simpleChildren(node).map(each => inlineSimple(types, each, context, via))
    ]
    return union(members)
  },
  restriction: (types: SimpleContext, node: XmlElement, { context, via }: Place): Simple => {
    const named = refOf(node, context, 'base')
    const [own] = simpleChildren(node)
    const base = named !== undefined ? namedSimple(types, named, via) : own !== undefined ? inlineSimple(types, own, context, via) : text
    return restrict(types, base, node)
  }
} as const

const numeric = '^([+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN)$'

/** Members of several types are all written as text. */
function union(members: readonly Simple[]): Simple {
  const all = members.map(asText)
  if (all.length === 0 || all.some(({ type: _, description: __, ...rest }) => Object.keys(rest).length === 0)) return text
  if (all.every(member => Array.isArray(member.enum)))
    return { type: 'string', enum: [...new Set(all.flatMap(member => member.enum as readonly Json[]))] }
  return { type: 'string', anyOf: all.map(({ xml: _, ...member }) => member) }
}

function asText(member: Simple): Simple {
  const { type } = member
  if (type === 'string') return member
  if (type === 'array') return text
  if (type === 'boolean') return { type: 'string', enum: ['true', 'false', '1', '0'] }
  if (Array.isArray(member.enum)) return { type: 'string', enum: member.enum.map(String) }
  return { type: 'string', pattern: isInteger(member) ? '^[+-]?[0-9]+$' : numeric }
}

export function restrict(types: SimpleContext, base: Simple, node: XmlElement): Simple {
  const facets = childElements(node).filter(({ uri }) => isXsd(uri))
  const values = (local: string) => facets.filter(each => each.local === local).map(each => attribute(each, 'value') ?? '')
  const patterns = values('pattern')
  let made: Simple =
    patterns.length > 0 && isNumeric(base) ? { type: 'string', ...(base.description ? { description: base.description } : {}) } : base
  const enumeration = facets.filter(({ local }) => local === 'enumeration')
  if (enumeration.length > 0) made = withEnum(made, enumeration)
  else for (const [facet, apply] of Object.entries(facetTable)) for (const value of values(facet)) made = apply(made, value)
  return enumeration.length > 0 ? made : withPatterns(types, made, patterns)
}

const isNumeric = ({ type }: Simple): boolean => type === 'number' || type === 'integer' || Array.isArray(type)
const isInteger = ({ type }: Simple): boolean => type === 'integer' || (Array.isArray(type) && type.includes('integer'))
const isDecimal = ({ type, format }: Simple): boolean => Array.isArray(type) && type.includes('number') && format === undefined

function withEnum(base: Simple, nodes: readonly XmlElement[]): Simple {
  const qualified = (base.xml as JsonObject | undefined)?.['x-qname'] === true
  const raw = nodes.map(node => (qualified ? keyOf(resolveQName(node, attribute(node, 'value') ?? '')) : (attribute(node, 'value') ?? '')))
  const exact = isNumeric(base) && raw.every(value => String(Number(value)) === value.trim())
  const { pattern: _, example: ______, items, xml, format: __, minLength: ___, maxLength: ____, anyOf: _____, ...rest } = base
  const values = [
    ...new Set<Json>(exact ? raw.map(Number) : base.type === 'boolean' ? raw.map(value => value === 'true' || value === '1') : raw)
  ]
  const notes = nodes.flatMap((node, index) => {
    const said = documentationOf(node)
    return said === '' || said === raw[index] ? [] : [`${raw[index]}: ${said}`]
  })
  const type = exact ? (isInteger(base) ? 'integer' : 'number') : base.type === 'boolean' ? 'boolean' : 'string'
  const described = notes.length === 0 ? {} : { description: notes.join('; ').slice(0, 2_000) }
  // A list whose whole text is one of a few is a text.
  const kept = items === undefined && xml !== undefined ? { xml } : {}
  return { ...rest, ...kept, type, enum: values, ...described }
}

function withPatterns(types: SimpleContext, base: Simple, sources: readonly string[]): Simple {
  if (sources.length === 0 || base.type !== 'string') return base
  const translated = sources.map(toPattern)
  const lost = sources.filter((_, index) => translated[index] === undefined)
  if (lost.length > 0) {
    types.warn(`The pattern ${lost[0]?.slice(0, 100)} can not be checked here (too large, or not linear): the target will.`)
    return base
  }
  const pattern =
    translated.length === 1 ? (translated[0] as string) : `^(?:${translated.map(each => `(?:${each?.slice(1, -1)})`).join('|')})$`
  if (base.pattern === undefined) return { ...base, pattern }
  if (base.pattern === pattern) return base
  return { ...base, allOf: [...((base.allOf as readonly Json[]) ?? []), { pattern }] }
}

type Facet = (base: Simple, value: string) => Simple
const limit =
  (key: string, isTighter: (next: number, known: number) => boolean): Facet =>
  (base, value) => {
    const next = Number(value)
    if (!isNumeric(base) || !Number.isFinite(next)) return base
    if (isInteger(base) && Array.isArray(base.type)) {
      if (!Number.isSafeInteger(next)) return base
      const { pattern: _, type: __, ...rest } = base
      return Math.abs(next) < 2 ** 53 && key.startsWith('max')
        ? { type: 'integer', minimum: -(2 ** 53) + 1, ...rest, [key]: next }
        : { ...base, [key]: next }
    }
    if (!isExact(value.trim())) return base
    const known = base[key]
    return typeof known === 'number' && !isTighter(next, known) ? base : { ...base, [key]: next }
  }

/** Exactly so many bytes; the last digit before the padding has bits to spare, which must be zero. */
const base64Of = (bytes: number): string => {
  const rest = bytes % 3
  const whole = 4 * Math.floor(bytes / 3)
  return `^[A-Za-z0-9+/]{${rest === 0 ? whole : whole + rest}}${['', '[AQgw]==', '[AEIMQUYcgkosw048]='][rest]}$`
}

const length =
  (...keys: readonly string[]): Facet =>
  (base, value) => {
    const count = Number(value)
    if (!Number.isInteger(count) || count < 0 || count > 1_000_000_000) return base
    if (base.type === 'array')
      return { ...base, ...Object.fromEntries(keys.map(key => [key === 'minLength' ? 'minItems' : 'maxItems', count])) }
    if (base.type !== 'string') return base
    if (base.contentEncoding === 'base64' && keys.length === 2 && count <= 600) return { ...base, pattern: base64Of(count) }
    const size =
      base.contentEncoding === 'base64' ? 4 * Math.ceil(count / 3) : String(base.description).startsWith('Bytes in hex') ? 2 * count : count
    return { ...base, ...Object.fromEntries(keys.map(key => [key, size])) }
  }

/** All digits together; more than 15 do not fit a JSON number. */
const totalDigits: Facet = (base, value) => {
  const digits = Number(value)
  if (!isNumeric(base) || !(digits > 0)) return base
  if (digits > 15) {
    const { description } = base
    const pattern = isInteger(base) ? `^[+-]?[0-9]{1,${digits}}$` : '^[+-]?[0-9]+(\\.[0-9]+)?$'
    return { type: 'string', pattern, description: [description, `A number of up to ${digits} digits, as text`].filter(Boolean).join('. ') }
  }
  if (isInteger(base) && Array.isArray(base.type)) return between(-(10 ** digits) + 1, 10 ** digits - 1)
  if (isDecimal(base)) return asNumber(base)
  const known = { maximum: base.maximum ?? 10 ** digits - 1, minimum: base.minimum ?? -(10 ** digits) + 1 }
  return isInteger(base) ? { ...base, ...known } : base
}

/** So few digits that a number keeps them all. */
const asNumber = ({ pattern: _, ...rest }: Simple): Simple => ({ ...rest, type: 'number' })

const fractionDigits: Facet = (base, value) => {
  const digits = Number(value)
  if ((base.type !== 'number' && !isDecimal(base)) || !(digits >= 0)) return base
  return { ...base, description: [base.description, `${value} decimals at most`].filter(Boolean).join('. ') }
}

const facetTable: Readonly<Record<string, Facet>> = {
  totalDigits,
  fractionDigits,
  minInclusive: limit('minimum', (next, known) => next > known),
  maxInclusive: limit('maximum', (next, known) => next < known),
  minExclusive: limit('exclusiveMinimum', (next, known) => next > known),
  maxExclusive: limit('exclusiveMaximum', (next, known) => next < known),
  length: length('minLength', 'maxLength'),
  minLength: length('minLength'),
  maxLength: length('maxLength')
}
