/** The values that a manifest's key is made of: one number is one value, also where it may be written as text. */
import { isDecimal, isExact } from '../core/decimal.ts'
import { own } from '../core/own.ts'
import { expand, memberSchemas } from '../core/schema-at.ts'
import type { Json, JsonObject, JsonSchema } from '../core/types.ts'

export const keyValues = (schema: JsonSchema, names: readonly string[], input: JsonObject): readonly Json[] =>
  names.map(name => {
    const value = own(input, name) ?? null
    return typeof value === 'string' && mayBeNumber(schema, name) ? asNumber(value) : value
  })

function mayBeNumber(root: JsonSchema, name: string): boolean {
  const types = expand(root, memberSchemas(expand(root, [root]), name)).flatMap(({ type }) => [type].flat())
  return types.includes('integer') || types.includes('number')
}

/** 12.50 as text is 12.5 as a number; what a number does not keep stays text, without what means nothing. */
function asNumber(text: string): Json {
  if (!isDecimal(text)) return text
  if (isExact(text)) return Number(text) + 0
  const plain = text.replace(/^([+-]?)0+(?=[0-9])/, '$1').replace(/^\+/, '')
  return /^-?[0-9]+\.[0-9]+$/.test(plain) ? withoutZeros(plain) : plain
}

function withoutZeros(fraction: string): string {
  let end = fraction.length
  while (fraction[end - 1] === '0') end -= 1
  return fraction.slice(0, fraction[end - 1] === '.' ? end - 1 : end)
}
