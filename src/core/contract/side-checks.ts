/** Checks of the two versions of a schema, as callers meet them. */
import { canonicalJson } from '../canonical-json.ts'
import { type Ajv, newAjv } from '../schema.ts'
import type { Json, JsonSchema } from '../types.ts'
import { isMap, type Side, type Spot } from './spot.ts'

type Fits = (value: Json) => boolean | undefined
const id = 'retrofit:side'

/** Whether a value fits a part of a version; undefined where the schema can not be used. */
export function createFits(): (value: Json, spot: Spot) => boolean | undefined {
  const sides = new Map<Side, { readonly ajv: Ajv | undefined; readonly parts: Map<string, Fits> }>()
  return (value, spot) => {
    if (typeof spot.schema === 'boolean') return spot.schema
    const side = sides.get(spot.side) ?? { ajv: withRoot(spot.side.root), parts: new Map<string, Fits>() }
    sides.set(spot.side, side)
    const fits = side.parts.get(spot.path) ?? compile(side.ajv, spot.path)
    side.parts.set(spot.path, fits)
    return fits(value)
  }
}

function withRoot(root: JsonSchema): Ajv | undefined {
  try {
    return newAjv().addSchema({ ...root, $id: id })
  } catch {
    return undefined
  }
}

function compile(ajv: Ajv | undefined, path: string): Fits {
  try {
    const check = ajv?.compile({ $ref: `${id}#${path.split('/').map(encodeURIComponent).join('/')}` })
    return value => check?.(value)
  } catch {
    return () => undefined
  }
}

export const wholeCheck = (root: JsonSchema): Fits => compile(withRoot(root), '')

/** Members that are not declared break no reader of an answer. */
export function withoutClosing(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map((each: Json) => withoutClosing(each))
  if (!isMap(schema)) return schema
  const closing = (keyword: string, held: Json) =>
    held === false && (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties')
  const kept = Object.entries(schema).filter(([keyword, held]) => !closing(keyword, held))
  return Object.fromEntries(
    kept.map(([keyword, held]) => [keyword, keyword === 'const' || keyword === 'enum' ? held : withoutClosing(held)])
  )
}

/** Each value once. */
export const distinct = (values: readonly Json[]): readonly Json[] => [
  ...new Map(values.map(value => [canonicalJson(value), value])).values()
]
