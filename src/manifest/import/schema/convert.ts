/** One schema of any draft → the same in 2020-12, as manifests take it. */
import { own } from '../../../core/own.ts'
import { compilePattern } from '../../../core/schema.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import { holders } from '../../schema-walk.ts'
import { type Conversion, type Draft, isObject, step } from './conversion.ts'
import { rewrites } from './old-keywords.ts'

const deepest = 200
/** Taken out without a word: what they did is done. */
const consumed: ReadonlySet<string> = new Set([
  'definitions',
  '$defs',
  'id',
  '$id',
  '$anchor',
  '$dynamicAnchor',
  '$recursiveAnchor',
  '$schema',
  '$comment'
])
const ours: ReadonlySet<string> = new Set(['x-sensitive', 'x-session', 'x-untrusted', 'xml'])
/** What may stand beside a `$ref` of an older draft: it says nothing about values. */
const words: ReadonlySet<string> = new Set(['title', 'description', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly'])

interface Part {
  readonly schema: Json
  readonly pointer: string
  /** In how many others it is. */
  readonly depth?: number | undefined
}

export function convert({ schema, pointer, depth = 0 }: Part, conversion: Conversion): Json {
  if (typeof schema === 'boolean') return schema
  if (depth > deepest || !isObject(schema)) {
    conversion.note(pointer, depth > deepest ? 'is nested too deeply: it takes anything here' : 'is no schema: it takes anything here')
    return {}
  }
  const draft: Draft = { ...schema }
  for (const rewrite of rewrites) rewrite(draft, pointer, conversion)
  refer(draft, pointer, conversion)
  for (const keyword of Object.keys(draft)) judge(draft, keyword, { pointer, conversion })
  patterns(draft, pointer, conversion)
  const entries = Object.entries(draft).map(
    ([keyword, held]) =>
      [keyword, inner(keyword, { schema: held, pointer: pointer + step(keyword), depth: depth + 1 }, conversion)] as const
  )
  return apart(Object.fromEntries(entries))
}

function refer(draft: Draft, pointer: string, { isRefAlone, link, note }: Conversion): void {
  const { $ref } = draft
  if (typeof $ref !== 'string') return
  const beside = Object.keys(draft).filter(
    keyword => keyword !== '$ref' && !words.has(keyword) && !consumed.has(keyword) && !keyword.startsWith('x-')
  )
  if (isRefAlone)
    for (const keyword of beside) {
      delete draft[keyword]
      note(pointer + step(keyword), 'does not count beside a $ref in this draft: dropped')
    }
  const linked = link($ref, pointer)
  if (linked !== undefined) draft.$ref = linked
  else {
    delete draft.$ref
    note(`${pointer}/$ref`, `${JSON.stringify($ref)} leads out of this file, or nowhere: it takes anything here`)
  }
}

function judge(
  draft: Draft,
  keyword: string,
  { pointer, conversion: { ajv, note } }: { readonly pointer: string; readonly conversion: Conversion }
): void {
  const at = pointer + step(keyword)
  const drop = (why: string) => {
    delete draft[keyword]
    note(at, `${why}: dropped`)
  }
  if (consumed.has(keyword)) {
    delete draft[keyword]
    if (keyword === '$comment') note(at, 'a comment: dropped')
  } else if (keyword === 'discriminator' || keyword === 'externalDocs') drop('an annotation of OpenAPI that is not read here')
  else if (keyword !== '$ref' && !ours.has(keyword) && own(ajv.RULES.keywords, keyword) === undefined)
    drop(keyword.startsWith('x-') ? 'an annotation of others' : 'unknown keyword of JSON Schema')
  else if (keyword === 'format' && (typeof draft.format !== 'string' || own(ajv.formats, draft.format) === undefined))
    drop(`the format ${JSON.stringify(draft.format)} is not known here`)
  else if (keyword === 'enum' && Array.isArray(draft.enum) && draft.enum.length === 0) {
    delete draft.enum
    draft.not = {}
    note(at, 'no value at all: written as not: {}')
  }
}

function patterns(draft: Draft, pointer: string, { note }: Conversion): void {
  if (typeof draft.pattern === 'string') {
    const pattern = linear(draft.pattern)
    if (pattern === undefined) note(`${pointer}/pattern`, `${JSON.stringify(draft.pattern)} is not RE2, which runs in linear time: dropped`)
    if (pattern === undefined) delete draft.pattern
    else draft.pattern = pattern
  }
  if (!isObject(draft.patternProperties)) return
  const read = Object.entries(draft.patternProperties).map(([pattern, held]) => ({ pattern, held, now: linear(pattern) }))
  for (const { pattern, now } of read)
    if (now === undefined)
      note(pointer + step('patternProperties') + step(pattern), 'the pattern is not RE2, which runs in linear time: dropped')
  draft.patternProperties = Object.fromEntries(read.flatMap(({ now, held }) => (now === undefined ? [] : [[now, held]])))
  if (read.every(({ now }) => now !== undefined) || draft.additionalProperties === undefined || draft.additionalProperties === true) return
  delete draft.additionalProperties
  note(`${pointer}/additionalProperties`, 'nobody can tell any more which members it is about, as a pattern beside it was dropped: dropped')
}

const longestPattern = 1_000

/** In the words of RE2; undefined: it can not be said there. */
function linear(pattern: string): string | undefined {
  const named = pattern
    .replaceAll(/\\u([0-9a-fA-F]{4})/g, '\\x{$1}')
    .replaceAll(/\\([/_\-"'#@!%&,:;<=>~` ])/g, (_, char: string) => (char === '-' ? '\\-' : char))
  return [pattern, named].find(text => text.length <= longestPattern && isLinear(text))
}

function isLinear(pattern: string): boolean {
  try {
    compilePattern(pattern)
    return true
  } catch {
    return false
  }
}

function inner(keyword: string, { schema: held, pointer, depth }: Part, conversion: Conversion): Json {
  const holder = own(holders, keyword)
  if (holder === undefined) return held
  const below = (name: string | number, schema: Json) => convert({ schema, pointer: pointer + step(name), depth }, conversion)
  if (holder.holds === 'one') return convert({ schema: held, pointer, depth }, conversion)
  if (holder.holds === 'list') return Array.isArray(held) ? held.map((each: Json, index) => below(index, each)) : held
  return isObject(held) ? Object.fromEntries(Object.entries(held).map(([name, each]) => [name, below(name, each)])) : held
}

/** A member that `properties` names and a pattern meets too is refused in a manifest: written apart, both count as before. */
function apart(schema: JsonObject): JsonObject {
  const { properties, patternProperties, additionalProperties, allOf, ...rest } = schema
  if (!isObject(properties) || !isObject(patternProperties)) return schema
  const tests = Object.keys(patternProperties).map(compilePattern)
  const names = Object.keys(properties)
  if (!names.some(name => tests.some(each => each.test(name)))) return schema
  const byName = Object.fromEntries(names.map(name => [`^${name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`, true]))
  const closing =
    additionalProperties === undefined
      ? { patternProperties }
      : { patternProperties: { ...byName, ...patternProperties }, additionalProperties }
  return { ...rest, properties, allOf: [...(Array.isArray(allOf) ? allOf : []), closing] }
}
