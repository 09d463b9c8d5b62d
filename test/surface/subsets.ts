/**
 * What each provider takes, written down from its documents and not from our generator: a table for each, and one walk that
 * says every place where a definition leaves the table.
 */

// biome-ignore lint/suspicious/noExplicitAny: definitions of any shape are looked into
type Any = any

export interface Subset {
  readonly keywords: readonly string[]
  readonly types: readonly string[]
  /** `type` may be a list of one type and null. */
  readonly typeLists: boolean
  readonly formats?: readonly string[]
  readonly closed: boolean
  readonly allRequired: boolean
  readonly recursion: boolean
  readonly rootUnion: boolean
  readonly stringEnumsOnly?: boolean
  readonly mostProperties: number
  readonly mostLevels: number
  readonly mostEnumValues: number
  readonly mostCharacters: number
  readonly rule?: (keyword: string, value: Any) => boolean
}

const jsonTypes = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']
const structure = [
  'type',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  '$ref',
  '$defs'
]
const numbers = ['multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']
const lengths = ['minLength', 'maxLength', 'minProperties', 'maxProperties', 'uniqueItems', 'default']
const noLimit = Number.POSITIVE_INFINITY
const unlimited = { mostProperties: noLimit, mostLevels: noLimit, mostEnumValues: noLimit, mostCharacters: noLimit }

const loose: Subset = {
  keywords: [...structure, ...numbers, ...lengths, 'pattern', 'format', 'minItems', 'maxItems'],
  types: jsonTypes,
  typeLists: true,
  closed: false,
  allRequired: false,
  recursion: true,
  rootUnion: false,
  ...unlimited
}

const openaiStrict: Subset = {
  ...loose,
  keywords: [...structure, ...numbers, 'pattern', 'format', 'minItems', 'maxItems'],
  formats: ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'],
  closed: true,
  allRequired: true,
  mostProperties: 5_000,
  mostLevels: 10,
  mostEnumValues: 1_000,
  mostCharacters: 120_000
}

export const subsets = {
  'openai strict': openaiStrict,
  'openai-responses strict': openaiStrict,
  'anthropic strict': {
    ...loose,
    keywords: [...structure, 'format', 'minItems'],
    formats: ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'],
    closed: true,
    recursion: false,
    rule: (keyword: string, value: Any) => keyword !== 'minItems' || value <= 1
  },
  gemini: {
    ...loose,
    keywords: [
      ...['type', 'description', 'properties', 'required', 'items', 'enum', 'anyOf', 'nullable', 'title', 'propertyOrdering'],
      ...['format', 'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties']
    ],
    types: ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'OBJECT', 'ARRAY'],
    typeLists: false,
    formats: ['date-time'],
    stringEnumsOnly: true
  },
  openai: loose,
  'openai-responses': loose,
  anthropic: loose,
  mcp: loose
} satisfies Record<string, Subset>

const parameterName = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
const lower = (type: Any): Any => (typeof type === 'string' ? type.toLowerCase() : type)

/** Every place where the parameters of a tool leave the subset. */
export function violations(parameters: Any, subset: Subset): string[] {
  const found: string[] = []
  const totals = { properties: 0, enumValues: 0, characters: 0 }
  const say = (pointer: string, what: string): void => void found.push(`${pointer}: ${what}`)
  if (lower(parameters.type) !== 'object') say('', 'the root is no object')
  if (!subset.rootUnion && parameters.anyOf !== undefined) say('', 'the root is a union')
  const walk = (schema: Any, pointer: string, level: number): void => {
    if (level > subset.mostLevels) say(pointer, 'too deep')
    for (const [keyword, value] of Object.entries<Any>(schema)) checkKeyword(keyword, value, pointer)
    checkObject(schema, pointer)
    checkForm(schema, pointer)
    totals.enumValues += schema.enum?.length ?? 0
    for (const value of [...(schema.enum ?? []), ...('const' in schema ? [schema.const] : [])]) totals.characters += String(value).length
    if (schema.enum?.length > 250 && subset.mostEnumValues < noLimit && schema.enum.join('').length > 15_000) say(pointer, 'a long enum')
    if (subset.stringEnumsOnly && schema.enum?.some((one: Any) => typeof one !== 'string')) say(pointer, 'an enum of other than strings')
    descend(schema, pointer, level)
  }
  const checkKeyword = (keyword: string, value: Any, pointer: string): void => {
    if (!subset.keywords.includes(keyword)) say(pointer, `keyword ${keyword}`)
    if (subset.rule?.(keyword, value) === false) say(pointer, `${keyword}: ${value}`)
    if (keyword === 'format' && subset.formats !== undefined && !subset.formats.includes(value)) say(pointer, `format ${value}`)
    if (keyword === 'type') {
      if (Array.isArray(value) && (!subset.typeLists || value.length !== 2 || value[1] !== 'null')) say(pointer, 'a list of types')
      for (const type of [value].flat()) if (!subset.types.includes(type)) say(pointer, `type ${type}`)
    }
    if (keyword === '$ref' && (typeof value !== 'string' || parameters.$defs?.[value.replace('#/$defs/', '')] === undefined))
      say(pointer, `dangling ${value}`)
    if (keyword === '$ref' && !subset.recursion && reaches(value, value, new Set())) say(pointer, `recursion of ${value}`)
  }
  /** What every validator of JSON Schema refuses, and what closed subsets and Gemini ask for beyond that. */
  const checkForm = (schema: Any, pointer: string): void => {
    for (const keyword of ['type', 'enum', 'required', 'anyOf']) {
      const list = schema[keyword]
      if (!Array.isArray(list)) continue
      if (new Set(list.map(one => JSON.stringify(one))).size < list.length) say(pointer, `${keyword} holds something twice`)
      if (list.length === 0 && keyword !== 'required') say(pointer, `${keyword} is empty`)
    }
    const nulls = (schema.anyOf ?? []).filter((branch: Any) => [branch.type].flat().includes('null'))
    if (nulls.length > 1) say(pointer, 'null in two branches')
    const isTyped = schema.type !== undefined || schema.anyOf !== undefined || schema.$ref !== undefined
    if (!isTyped && (subset.closed || subset === subsets.gemini)) say(pointer, 'a value without a type')
    if (subset === subsets.gemini && schema.enum?.includes('')) say(pointer, 'an empty text in an enum')
  }
  const checkObject = (schema: Any, pointer: string): void => {
    if (schema.$ref !== undefined && Object.keys(schema).length > 1) say(pointer, 'keywords beside $ref')
    if (lower(schema.type) === 'array' && schema.items === undefined) say(pointer, 'a list without items')
    if (![schema.type].flat().map(lower).includes('object')) return
    const names = Object.keys(schema.properties ?? {})
    totals.properties += names.length
    for (const name of names) {
      totals.characters += name.length
      if (!parameterName.test(name)) say(pointer, `the name ${name}`)
    }
    if (subset.closed && schema.additionalProperties !== false) say(pointer, 'additionalProperties is not false')
    for (const name of schema.required ?? []) if (!names.includes(name)) say(pointer, `requires ${name}, which is not there`)
    if (subset.allRequired && names.some(name => !schema.required?.includes(name))) say(pointer, 'a property is not required')
    if (subset === subsets.gemini && names.length === 0) say(pointer, 'an object without properties')
  }
  const descend = (schema: Any, pointer: string, level: number): void => {
    for (const [name, member] of Object.entries<Any>(schema.properties ?? {})) walk(member, `${pointer}/properties/${name}`, level + 1)
    for (const [name, member] of Object.entries<Any>(schema.$defs ?? {})) walk(member, `${pointer}/$defs/${name}`, 1)
    for (const [i, member] of (schema.anyOf ?? []).entries()) walk(member, `${pointer}/anyOf/${i}`, level)
    if (schema.items !== undefined) walk(schema.items, `${pointer}/items`, level + 1)
    if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${pointer}/additionalProperties`, level + 1)
  }
  const reaches = (from: string, to: string, seen: Set<string>): boolean => {
    if (seen.has(from)) return false
    seen.add(from)
    const inside = JSON.stringify(parameters.$defs?.[from.replace('#/$defs/', '')] ?? {}).matchAll(/"\$ref":"([^"]+)"/g)
    return [...inside].some(match => match[1] === to || reaches(match[1] as string, to, seen))
  }
  // `levels` begins with the root.
  walk(parameters, '', 0)
  if (totals.properties > subset.mostProperties) say('', `${totals.properties} properties`)
  if (totals.enumValues > subset.mostEnumValues) say('', `${totals.enumValues} enum values`)
  if (totals.characters > subset.mostCharacters) say('', `${totals.characters} characters`)
  return found
}

/** The parameters of a definition of each dialect; none at all is an object without properties. */
export function parametersOf(dialect: string, definition: Any): Any {
  if (dialect === 'openai') return definition.function.parameters
  if (dialect === 'openai-responses') return definition.parameters
  if (dialect === 'anthropic') return definition.input_schema
  if (dialect === 'mcp') return definition.inputSchema
  return definition.parameters
}

export const toolName = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/
