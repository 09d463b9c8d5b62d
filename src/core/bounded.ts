/** Texts that no schema bounds are bounded all the same: what is done with them later takes time. */
import { expand, isObject, itemSchemas, memberSchemas } from './schema-at.ts'
import type { Check, FieldError, Json, JsonSchema } from './types.ts'

/** UTF-16 code units of a text whose schema sets no `maxLength`. */
export const longestText = 65_536

/** The check of an input. A text that is long is looked at first: patterns and formats are not asked about it. */
export function boundedCheck(schema: JsonSchema, check: Check): Check {
  return value => {
    const errors = hasLongText(value) ? tooLong({ root: schema, value: value as Json, schemas: [schema], pointer: '' }) : []
    return errors.length > 0 ? errors : check(value)
  }
}

const hasLongText = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length > longestText
    : typeof value === 'object' && value !== null && Object.values(value).some(hasLongText)

interface Place {
  readonly root: JsonSchema
  readonly value: Json
  readonly schemas: readonly JsonSchema[]
  readonly pointer: string
}

function tooLong({ root, value, schemas, pointer }: Place): readonly FieldError[] {
  if (!hasLongText(value)) return []
  const known = expand(root, schemas)
  if (typeof value === 'string') return known.some(saysLength) ? [] : [{ pointer, message }]
  if (Array.isArray(value))
    return (value as readonly Json[]).flatMap((item, index) =>
      tooLong({ root, value: item, schemas: itemSchemas(known, index), pointer: `${pointer}/${index}` })
    )
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) =>
    tooLong({ root, value: member, schemas: memberSchemas(known, name), pointer: `${pointer}/${step(name)}` })
  )
}

const message = `has more than ${longestText} characters, and its schema sets no maxLength: send less, or let the bot's owner set one`

const step = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** Files as base64 are as large as a body may be. */
const saysLength = ({ maxLength, format, contentEncoding, contentMediaType, xml, ...rest }: JsonSchema): boolean =>
  typeof maxLength === 'number' ||
  rest.enum !== undefined ||
  rest.const !== undefined ||
  contentEncoding !== undefined ||
  contentMediaType !== undefined ||
  format === 'byte' ||
  format === 'binary' ||
  (isObject(xml) && xml['x-attachment'] !== undefined)
