/** `oneOf`, `anyOf` and lists of types → branches that can be told apart by what a model sends. */
import type { Json, JsonObject } from '../core/types.ts'
import type { Choice, Compiling, Part } from './compile-schema.ts'
import { decodeText, decodeTexts, decodeUnion } from './decode.ts'
import { asObject, isObject, typesOf } from './flatten.ts'
import { described, mapped, type NodePlace, nodePart, nullPart, sentences } from './node-part.ts'
import { partOf } from './reference-part.ts'
import { inWords, silent } from './words.ts'

export function unionPart(compiling: Compiling, node: JsonObject, { keyword, ...place }: NodePlace & { keyword: 'oneOf' | 'anyOf' }): Part {
  const { [keyword]: branches, description, title, default: initial, ...base } = node
  const isBare = (branch: JsonObject): boolean =>
    Object.keys(base).every(key => key === 'type') && (base.type === undefined || branch.type !== undefined || branch.$ref !== undefined)
  const parts = (branches as readonly Json[]).map(asObject).map((branch, i): Choice => {
    const at = { pointer: `${place.pointer}/${keyword}/${i}`, stack: place.stack }
    const part = partOf(compiling, isBare(branch) ? branch : { allOf: [branch, base] }, at)
    return { part, accepts: value => compiling.fits(branch, value) }
  })
  if (keyword === 'oneOf') mapped(compiling, `${place.pointer}/oneOf`, 'sent as anyOf')
  const admits = base.type === undefined || typesOf(base.type).includes('null')
  const nullable = admits && parts.some(({ part }) => part.nullable)
  const real = parts.filter(({ part }) => part.kind !== 'null')
  if (real.length === 0) return nullPart(compiling, node, place)
  const words = { description: description ?? title, ...(initial === undefined ? {} : { default: initial }) } as JsonObject
  return choicePart(compiling, real, { ...place, words, nullable })
}

export function typesPart(compiling: Compiling, node: JsonObject, { types, ...place }: NodePlace & { types: readonly string[] }): Part {
  const { description, title, default: initial, ...rules } = node
  const choices = types.map((type): Choice => {
    const part = nodePart(compiling, { ...rules, type }, { ...place, isRoot: false })
    return { part, accepts: value => isOfType(type, value) }
  })
  const words = { description: description ?? title, ...(initial === undefined ? {} : { default: initial }) } as JsonObject
  return choicePart(compiling, choices, { ...place, words, nullable: typesOf(node.type).includes('null') })
}

export const isOfType = (type: string, value: Json): boolean =>
  type === 'array'
    ? Array.isArray(value)
    : type === 'object'
      ? isObject(value)
      : type === 'integer'
        ? Number.isInteger(value)
        : typeof value === type

interface Choosing extends NodePlace {
  readonly words: JsonObject
  readonly nullable: boolean
}

function choicePart(compiling: Compiling, written: readonly Choice[], { words, nullable, ...place }: Choosing): Part {
  const choices = apart(compiling, written, place)
  const schemas = choices.map(({ part }) => part.schema)
  const only = choices.length === 1 && words.description === undefined ? schemas[0] : undefined
  const kind = choices.length === 1 ? choices[0]?.part.kind : undefined
  return {
    schema: described(compiling, words, { ...place, schema: only ?? { anyOf: schemas }, done: [] }),
    decode: decodeUnion(
      choices.map(({ part, accepts }) => ({ decode: part.decode, accepts, looksLike: value => looksLike(compiling, part.schema, value) }))
    ),
    nullable,
    kind,
    choices
  }
}

/** By its outermost type alone. */
function looksLike(compiling: Compiling, { $ref, anyOf, type }: JsonObject, value: Json): boolean {
  const definition =
    typeof $ref === 'string' ? [...compiling.definitions.values()].find(({ name }) => $ref === `#/$defs/${name}`) : undefined
  if (definition?.part !== undefined) return looksLike(compiling, definition.part.schema, value)
  if (Array.isArray(anyOf)) return (anyOf as readonly JsonObject[]).some(branch => looksLike(compiling, branch, value))
  return type === undefined || typesOf(type).some(one => isOfType(one, value))
}

const isSent = (type: string, { schema, kind }: Part): boolean => kind === undefined && typesOf(schema.type).includes(type)

/** Two branches that a model would send in the same way become one, in which it says which of them it means. */
function apart(compiling: Compiling, written: readonly Choice[], place: NodePlace): readonly Choice[] {
  const flat = [...new Map([...leaves(written)].map(choice => [JSON.stringify(choice.part.schema), choice])).values()]
  const all = flat.length > written.length && needsText(flat) ? flat : written
  const listed = all.some(({ part }) => isSent('array', part)) ? all.map(asTextIfPairs) : all
  if (!needsText(listed)) return listed
  const texts = listed.filter(({ part }) => isText(part))
  mapped(compiling, `${place.pointer}/type`, 'text and JSON text are one argument')
  const others = listed.filter(({ part }) => !isText(part))
  return [...others, joinedText(texts)]
}

/** What unions inside unions choose among in the end. Each union is looked into once: types can hold each other in many ways. */
function leaves(choices: readonly Choice[], found = new Set<Choice>(), seen = new Set<readonly Choice[]>()): ReadonlySet<Choice> {
  for (const choice of choices) {
    const inside = choice.part.choices
    if (inside === undefined || inside.length < 2) found.add(choice)
    else if (!seen.has(inside)) {
      seen.add(inside)
      leaves(inside, found, seen)
    }
  }
  return found
}

const isText = (part: Part): boolean => part.kind === 'text' || isSent('string', part)

const needsText = (choices: readonly Choice[]): boolean =>
  choices.some(({ part }) => part.kind === 'text') && choices.some(({ part }) => isSent('string', part))

const asTextIfPairs = (choice: Choice): Choice =>
  choice.part.kind !== 'pairs'
    ? choice
    : {
        ...choice,
        part: {
          ...choice.part,
          schema: { type: 'string', description: sentences([textOf(choice.part), 'A JSON object, written as text.']) },
          decode: decodeText,
          kind: 'text'
        }
      }

const textOf = ({ schema }: Part): string => String(schema.description ?? '')

function joinedText(texts: readonly Choice[]): Choice {
  const said = texts.map(({ part }) => (part.kind === 'text' ? textOf(part) : sentences(['A text', ...rulesOf(part)])).replace(/\.$/, ''))
  const description = `JSON text, a text in quotes. One of: ${[...new Set(said)].join('; ')}.`
  const accepts = (value: Json): boolean => texts.some(choice => choice.accepts(value))
  const readers = texts
    .filter(({ part }) => part.kind === 'text')
    .map(({ part, accepts: takes }) => ({ decode: part.decode, accepts: takes }))
  return {
    part: {
      schema: { type: 'string', description },
      decode: decodeTexts(readers, accepts),
      nullable: texts.some(({ part }) => part.nullable),
      kind: 'text'
    },
    accepts
  }
}

const rulesOf = ({ schema }: Part): readonly string[] => [
  String(schema.description ?? ''),
  ...Object.entries(schema).flatMap(([keyword, value]) =>
    keyword === 'type' || keyword === 'nullable' || silent.has(keyword) ? [] : [inWords(keyword, value)]
  )
]
