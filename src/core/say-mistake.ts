/** What is wrong with a value, in words that say how to write it. No message holds a part of the value itself. */
import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Json, JsonSchema } from './types.ts'

const howToWrite: Readonly<Record<string, string>> = {
  string: 'write it in quotes',
  number: 'write it without quotes, as 12.5',
  integer: 'write a whole number without quotes, as 12',
  boolean: 'write true or false, without quotes',
  array: 'write a list, as [ … ]',
  object: 'write an object, as { … }',
  null: 'write null, without quotes'
}

/** A value of each format that people get wrong. */
const formatExamples: Readonly<Record<string, string>> = {
  'date-time': '2025-11-30T10:00:00Z',
  'iso-date-time': '2025-11-30T10:00:00Z',
  date: '2025-11-30',
  time: '10:00:00Z',
  'iso-time': '10:00:00Z',
  duration: 'P1DT2H',
  email: 'name@example.com',
  hostname: 'host.example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/path',
  url: 'https://example.com/path',
  'uri-reference': '/path',
  uuid: '3fa85f64-5717-4562-b3fc-2c963f66afa6',
  byte: 'SGVsbG8=',
  'json-pointer': '/a/0'
}

/** So many choices are told, and so much of a text of the schema. */
const [mostChoices, longestText] = [20, 200]

const cut = (text: string, length = longestText): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text)
const written = (value: Json): string => cut(JSON.stringify(value), 100)

export function listed(values: readonly Json[]): string {
  const rest = values.length - mostChoices
  return `${values.slice(0, mostChoices).map(written).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** The author's own example, or one of the format. */
function exampleOf({ examples, example, format }: JsonSchema): string | undefined {
  const [own = example] = Array.isArray(examples) ? (examples as readonly Json[]) : []
  if (own !== undefined && own !== null && typeof own !== 'object') return cut(String(own), 100)
  return typeof format === 'string' && Object.hasOwn(formatExamples, format) ? formatExamples[format] : undefined
}

const asIn = (schema: JsonSchema): string => {
  const example = exampleOf(schema)
  return example === undefined ? '' : `, as ${example}`
}

type Params = Readonly<Record<string, unknown>>
type Say = (params: Params, schema: JsonSchema) => string

const sayings: Readonly<Record<string, Say>> = {
  type: ({ type }) => {
    const types = [type].flat().map(String)
    const how = types.length === 1 ? howToWrite[types[0] ?? ''] : undefined
    return `must be ${types.join(' or ')}${how === undefined ? '' : `: ${how}`}`
  },
  enum: ({ allowedValues }) => `must be one of ${listed(allowedValues as readonly Json[])}`,
  const: ({ allowedValue }) => `must be ${written(allowedValue as Json)}`,
  format: ({ format }, schema) => `must match format "${format}"${asIn(schema)}`,
  pattern: ({ pattern }, schema) => {
    const { description } = schema
    const meant = typeof description === 'string' && description !== '' ? `: ${cut(description.trim())}` : ''
    return `must match pattern "${cut(String(pattern))}"${asIn(schema)}${meant}`
  }
}

/** `schema`: the one that the value does not fit. */
export function sayMistake({ keyword, params, message }: ErrorObject, schema: JsonSchema = {}): string {
  const say = Object.hasOwn(sayings, keyword) ? sayings[keyword] : undefined
  return say?.(params, schema) ?? message ?? `fails ${keyword}`
}
