/** Keywords that a provider does not take, said in words; and what the author of a manifest could do about each. */
import { own } from '../core/own.ts'
import type { Json, JsonObject } from '../core/types.ts'

const list = (value: Json): string => (Array.isArray(value) ? value : [value]).map(one => JSON.stringify(one)).join(', ')

const phrases: Readonly<Record<string, (value: Json) => string>> = {
  minLength: value => `At least ${value} character${value === 1 ? '' : 's'}.`,
  maxLength: value => `At most ${value} character${value === 1 ? '' : 's'}.`,
  pattern: value => `Must match ${value}.`,
  format: value => `Format: ${value}.`,
  minimum: value => `At least ${value}.`,
  maximum: value => `At most ${value}.`,
  exclusiveMinimum: value => `More than ${value}.`,
  exclusiveMaximum: value => `Less than ${value}.`,
  multipleOf: value => `A multiple of ${value}.`,
  minItems: value => `At least ${value} item${value === 1 ? '' : 's'}.`,
  maxItems: value => `At most ${value} item${value === 1 ? '' : 's'}.`,
  uniqueItems: value => (value === true ? 'No item twice.' : ''),
  minProperties: value => `At least ${value} of these properties.`,
  maxProperties: value => `At most ${value} of these properties.`,
  enum: value => `One of ${list(value)}.`,
  const: value => `Always ${JSON.stringify(value)}.`,
  default: value => `${JSON.stringify(value)} when left out.`,
  examples: value => `For example ${list(value)}.`,
  example: value => `For example ${list(value)}.`,
  propertyNames: value => `The names fit ${JSON.stringify(value)}.`,
  dependentRequired: value =>
    Object.entries(value as JsonObject)
      .map(([name, needed]) => `With ${name}, ${(needed as readonly string[]).join(' and ')} must be given too.`)
      .join(' '),
  contentMediaType: value => `Holds ${value}.`,
  contentEncoding: value => `Encoded as ${value}.`,
  prefixItems: value => `In this order: ${(value as readonly Json[]).map(one => JSON.stringify(one)).join(', ')}.`
}

export const inWords = (keyword: string, value: Json): string =>
  own(phrases, keyword)?.(value) ?? `Must also fit the JSON Schema ${JSON.stringify({ [keyword]: value })}.`

/** `oneOf: [{required: [a]}, {required: [b]}]` */
export function choiceInWords(keyword: string, choices: readonly (readonly string[])[]): string {
  const shown = choices.map(names => names.join(' with ')).join('; or ')
  return `Give ${keyword === 'oneOf' ? 'exactly' : 'at least'} one of: ${shown}.`
}

/** They hold no rule for a value. */
export const silent: ReadonlySet<string> = new Set([
  ...['$schema', '$comment', '$defs', 'definitions', 'title', 'description', 'xml', 'discriminator', 'externalDocs'],
  ...['x-sensitive', 'x-session', 'x-untrusted', 'deprecated', 'readOnly', 'writeOnly', 'examples', 'example']
])

const advices: Readonly<Record<string, string>> = {
  allOf: 'write the properties of all parts into one object',
  not: 'list what is allowed with enum or anyOf',
  if: 'write an action for each case, or anyOf of objects',
  dependentRequired: 'put the properties that belong together into one optional object',
  dependentSchemas: 'put the properties that belong together into one optional object',
  patternProperties: 'write a list of objects with a name and a value',
  additionalProperties: 'write additionalProperties: false and list the properties',
  prefixItems: 'write an object with a name for each place',
  oneOf: 'write anyOf, with a const in each branch that tells them apart',
  uniqueItems: 'leave it out; the target or the output can tell of a double',
  type: 'give the value a type',
  properties: 'ask for less in one action: leave out what agents do not need, or split it',
  enum: 'list text and numbers only',
  $ref: 'write out as many levels as the target has, with $refs that lead to $defs of this schema'
}

export const adviceFor = (keyword: string): string | undefined => own(advices, keyword)
