/** Gemini's function declarations: `parameters` in the subset of OpenAPI 3.0, which every version of the API takes. */
import type { Json, JsonObject } from '../core/types.ts'
import { looseProfile, type Profile, type Provider } from './dialect.ts'

const profile: Profile = {
  ...looseProfile,
  keywords: new Set(['minimum', 'maximum', 'pattern', 'format', 'minLength', 'maxLength', 'minItems', 'maxItems']),
  formats: new Set(['date-time']),
  closed: true,
  writesClosed: false,
  refs: 'none',
  recursion: 'text',
  anything: 'text',
  emptyObjects: false,
  anyEnum: false,
  nullable: 'keyword'
}

/** The types of the API are names of an enum, in capitals. */
function capitals(schema: JsonObject): JsonObject {
  const inside = (value: Json): JsonObject => capitals(value as JsonObject)
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]): [string, Json] => {
      if (keyword === 'type') return [keyword, String(value).toUpperCase()]
      if (keyword === 'items') return [keyword, inside(value)]
      if (keyword === 'anyOf') return [keyword, (value as readonly Json[]).map(inside)]
      if (keyword !== 'properties') return [keyword, value]
      return [keyword, Object.fromEntries(Object.entries(value as JsonObject).map(([name, member]) => [name, inside(member)]))]
    })
  )
}

const isEmpty = ({ properties }: JsonObject): boolean => Object.keys((properties ?? {}) as JsonObject).length === 0

export const gemini: Provider = {
  title: 'Gemini',
  hasStrict: false,
  profile: () => profile,
  define: ({ action, description, parameters }) => ({
    name: action.name,
    description,
    ...(isEmpty(parameters) ? {} : { parameters: capitals(parameters) })
  }),
  list: definitions => (definitions.length === 0 ? [] : [{ functionDeclarations: definitions }])
}
