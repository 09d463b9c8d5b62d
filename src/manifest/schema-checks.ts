/** Input and output schemas: every mistake at its place, nothing that could stall the gateway. */
import { own } from '../core/own.ts'
import { type Ajv, compileDetached } from '../core/schema.ts'
import { isVariableName } from '../core/session.ts'
import type { Check, Json, JsonObject } from '../core/types.ts'
import { checkDefaults } from './default-checks.ts'
import { didYouMean, suggestion } from './did-you-mean.ts'
import { keyError, type Path, type Report, valueError } from './issue.ts'
import { children, expandedSize, isObject, resolveRef, type Subschema, subschemas } from './schema-walk.ts'
import { checkSharedMarks } from './session-places.ts'
import type { SharedSchemas } from './shared-schemas.ts'

const nodeLimit = 10_000
/** Ajv's code for one schema nests: far more of them overflow its stack. */
const schemaLimit = 1_000
const workLimit = 100_000
const trustedWorkLimit = 1_000_000_000
const patternLimit = 1_000
/** `a{1000}` is a thousand a's for RE2, and nested it is more. */
const repeatLimit = 5_000
const dialect = 'https://json-schema.org/draft/2020-12/schema'
const sensitivities = ['pii', 'secret']
const unwelcome: Readonly<Record<string, string>> = {
  $id: 'leave it out; refer to parts with $ref: "#/$defs/…"',
  $anchor: 'leave it out; refer to parts with $ref: "#/$defs/…"',
  $dynamicAnchor: 'leave it out; refer to parts with $ref: "#/$defs/…"',
  $dynamicRef: 'write $ref: "#/$defs/…"',
  nullable: 'write type: [string, "null"]',
  id: 'leave it out; refer to parts with $ref: "#/$defs/…"'
}

interface SchemaSource {
  readonly schema: JsonObject
  readonly path: Path
  readonly ajv: Ajv
  readonly shared: SharedSchemas
  readonly trusted: boolean
  /** It had no mistake before: it is compiled, and no more. */
  readonly verified?: boolean | undefined
  readonly report: Report
}

/** What actions share is checked once, at its own place. */
export function checkShared({ shared, ajv, report }: Pick<SchemaSource, 'shared' | 'ajv' | 'report'>): void {
  const root = { $defs: shared.all }
  for (const [name, schema] of Object.entries(shared.all)) {
    const path = ['schemas', name]
    if (!isObject(schema)) continue
    checkSharedMarks(name, schema, report)
    checkDefaults({ schema: { ...schema, $defs: shared.all }, own: schema, path, ajv, shared, report })
    const parts = subschemas(schema, path)
    if (parts.length > schemaLimit) report(keyError(path, `has too many properties and parts: ${schemaLimit} are the limit`))
    else if (repeats(parts) > repeatLimit)
      report(keyError(path, `its patterns repeat too much ({n,m} over ${repeatLimit} in all): use maxLength`))
    else for (const part of parts) for (const check of partChecks) check(part, { schema: root, path, ajv, shared, trusted: true, report })
  }
}

/** The check of a good schema; undefined when something was reported. */
export function checkSchema(source: SchemaSource): Check | undefined {
  const { schema, path, ajv } = source
  if (source.verified === true) return compileDetached({ schema: source.shared.detach(schema), whole: schema }, ajv)
  let clean = true
  const report: Report = finding => {
    clean &&= finding.severity === 'warning'
    source.report(finding)
  }
  const own = withoutShared(schema, source.shared)
  if (countNodes(own) > nodeLimit) report(keyError(path, `is too large: ${nodeLimit} values are the limit`))
  if (!clean) return undefined
  const parts = subschemas(own, path)
  if (parts.length > schemaLimit) report(keyError(path, `has too many properties and parts: ${schemaLimit} are the limit`))
  if (repeats(parts) > repeatLimit) report(keyError(path, `its patterns repeat too much ({n,m} over ${repeatLimit} in all): use maxLength`))
  if (!clean) return undefined
  for (const part of parts) for (const check of partChecks) check(part, { ...source, report })
  const work = clean ? expandedSize(schema, source.shared.sizes) : 0
  if (work === Number.POSITIVE_INFINITY)
    report(keyError(path, 'a $ref leads back to itself without going deeper: put a property or items between'))
  else if (work > (source.trusted ? trustedWorkLimit : workLimit))
    report(keyError(path, `its $refs expand to over ${workLimit} schemas: use fewer of them`))
  if (!clean) return undefined
  try {
    return compileDetached({ schema: source.shared.detach(schema), whole: schema }, ajv)
  } catch (error) {
    report(keyError(path, `is not a usable JSON Schema: ${(error as Error).message}`))
    return undefined
  }
}

/** The schema without what is shared: that is checked at its own place. */
export function withoutShared(schema: JsonObject, { isShared }: SharedSchemas): JsonObject {
  const { $defs, ...rest } = schema
  if (!isObject($defs)) return schema
  const kept = Object.entries($defs).filter(([, member]) => !isShared(member))
  return kept.length === 0 ? rest : { ...rest, $defs: Object.fromEntries(kept) }
}

/** The sum of every `{n,m}`. */
function repeats(parts: readonly Subschema[]): number {
  const patterns = parts.flatMap(({ schema }) => (isObject(schema) ? [schema.pattern, ...patternKeys(schema)] : []))
  const counts = patterns.flatMap(pattern =>
    [...String(pattern ?? '').matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) => Number(most || least))
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

const patternKeys = (schema: JsonObject): readonly string[] =>
  isObject(schema.patternProperties) ? Object.keys(schema.patternProperties) : []

function countNodes(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const member of Object.values(value)) count += countNodes(member as Json)
  return count
}

type PartCheck = (part: Subschema, source: SchemaSource) => void

const partChecks: readonly PartCheck[] = [checkKeywords, checkMeta, checkRef, checkPatterns, checkRequired, checkFormat, checkOwn]

function checkKeywords({ path, schema }: Subschema, { ajv, report }: SchemaSource): void {
  if (!isObject(schema)) return
  for (const keyword of Object.keys(schema)) {
    const remedy = own(unwelcome, keyword)
    if (remedy !== undefined) report(keyError([...path, keyword], `${keyword} is not read here: ${remedy}`))
    else if (!own(ajv.RULES.keywords, keyword) && !structural.has(keyword)) report(unknownKeyword([...path, keyword], keyword, ajv))
  }
}

/** Keywords that Ajv knows without a rule. */
const structural: ReadonlySet<string> = new Set(['$schema', '$defs', 'definitions', '$comment', '$ref', '$vocabulary'])

function unknownKeyword(path: Path, keyword: string, ajv: Ajv) {
  const meant = didYouMean(keyword, [...Object.keys(ajv.RULES.keywords), ...structural])
  return keyError(
    path,
    `unknown keyword of JSON Schema; ${meant === undefined ? 'leave it out (a property belongs below properties)' : `did you mean ${meant}?`}`
  )
}

/** Against the meta-schema, without what is inside: each schema answers for itself, at its own place. */
function checkMeta({ path, schema }: Subschema, { ajv, report }: SchemaSource): void {
  const shallow = isObject(schema) ? withoutInner(schema) : schema
  if (typeof shallow !== 'boolean' && !isObject(shallow)) {
    report(valueError(path, 'must be a JSON Schema: write a mapping, as { type: string }'))
    return
  }
  // Ajv stops at the first mistake: take it away and look again.
  const rest: Record<string, Json> = isObject(shallow) ? { ...shallow } : {}
  while (ajv.validateSchema(rest) !== true) {
    const steps = (ajv.errors?.[0]?.instancePath ?? '').split('/').slice(1)
    report(
      valueError([...path, ...steps.map(step => (/^\d+$/.test(step) ? Number(step) : step))], metaMessage(ajv.errors?.[0], rest, steps))
    )
    if (steps[0] === undefined || !Object.hasOwn(rest, steps[0])) return
    delete rest[steps[0]]
  }
}

function metaMessage(mistake: NonNullable<Ajv['errors']>[number] | undefined, schema: Json, steps: readonly string[]): string {
  const allowed = (mistake?.params as { allowedValues?: readonly string[] } | undefined)?.allowedValues
  const given = steps.reduce<Json | undefined>((value, step) => (value as JsonObject | undefined)?.[step], schema)
  if (allowed !== undefined && typeof given === 'string') return `${JSON.stringify(given)} is not valid; ${suggestion(given, allowed)}`
  return (mistake?.message ?? 'is not valid').replace(/\bobject\b/, 'a mapping').replace(/\barray\b/, 'a list')
}

function withoutInner(schema: JsonObject): JsonObject {
  const copy: Record<string, Json> = { ...schema }
  for (const { path } of children(schema)) {
    const [keyword, member] = path as [string, string | number | undefined]
    const held = copy[keyword]
    if (member === undefined) copy[keyword] = true
    else copy[keyword] = Array.isArray(held) ? held.map(() => true) : {}
  }
  // Their form was tested by what became of them; what a reference leads to is checkRef's.
  delete copy.$schema
  delete copy.$ref
  return copy
}

function checkRef({ path, schema }: Subschema, { schema: root, report }: SchemaSource): void {
  if (!isObject(schema)) return
  if (schema.$schema !== undefined && schema.$schema !== dialect)
    report(valueError([...path, '$schema'], `only ${dialect} is read: write that, or leave $schema out`))
  const ref = schema.$ref
  if (ref === undefined) return
  const at = [...path, '$ref']
  if (typeof ref !== 'string') report(valueError(at, 'must be text, as "#/$defs/name"'))
  else if (!ref.startsWith('#'))
    report(valueError(at, `${JSON.stringify(ref)} leads out of this schema: copy what it means below $defs and write "#/$defs/…"`))
  else if (resolveRef(root, ref) === undefined)
    report(valueError(at, `${JSON.stringify(ref)} leads nowhere; ${suggestion(ref, refsOf(root))}`))
}

const refsOf = (root: JsonObject): readonly string[] => Object.keys(isObject(root.$defs) ? root.$defs : {}).map(name => `#/$defs/${name}`)

function checkPatterns({ path, schema }: Subschema, { ajv, report }: SchemaSource): void {
  if (!isObject(schema)) return
  const regExp = ajv.opts.code.regExp
  const attempt = (pattern: string, at: Path, found: typeof valueError) => {
    if (pattern.length > patternLimit) return report(found(at, `the pattern is too long: ${patternLimit} characters are the limit`))
    try {
      regExp(pattern, 'u')
    } catch (error) {
      const why = (error as Error).message.replace(/^error parsing regexp: /, '').slice(0, 80)
      report(found(at, `the pattern is not RE2, which runs in linear time: ${why}; write it without look-around and back-references`))
    }
  }
  if (typeof schema.pattern === 'string') attempt(schema.pattern, [...path, 'pattern'], valueError)
  for (const pattern of patternKeys(schema)) attempt(pattern, [...path, 'patternProperties', pattern], keyError)
}

function checkRequired({ path, schema }: Subschema, { report }: SchemaSource): void {
  if (
    !isObject(schema) ||
    !Array.isArray(schema.required) ||
    schema.additionalProperties !== false ||
    schema.patternProperties !== undefined
  )
    return
  const known = Object.keys(isObject(schema.properties) ? schema.properties : {})
  for (const [index, name] of schema.required.entries())
    if (typeof name === 'string' && !known.includes(name))
      report(
        valueError(
          [...path, 'required', index],
          `${JSON.stringify(name)} is required, but properties does not have it; ${suggestion(name, known)}`
        )
      )
}

function checkFormat({ path, schema }: Subschema, { ajv, report }: SchemaSource): void {
  if (!isObject(schema) || typeof schema.format !== 'string' || Object.hasOwn(ajv.formats, schema.format)) return
  report(
    valueError(
      [...path, 'format'],
      `unknown format ${JSON.stringify(schema.format)}; ${suggestion(schema.format, Object.keys(ajv.formats))}`
    )
  )
}

/** The keywords that Retrofit adds. */
function checkOwn({ path, schema }: Subschema, { report }: SchemaSource): void {
  if (!isObject(schema)) return
  const sensitive = schema['x-sensitive']
  if (sensitive !== undefined && !sensitivities.includes(String(sensitive)))
    report(valueError([...path, 'x-sensitive'], `must be pii or secret, not ${JSON.stringify(sensitive)}`))
  const untrusted = schema['x-untrusted']
  if (untrusted !== undefined && typeof untrusted !== 'boolean')
    report(valueError([...path, 'x-untrusted'], `must be true or false, not ${JSON.stringify(untrusted)}`))
  const session = schema['x-session']
  if (session !== undefined && session !== false && (typeof session !== 'string' || !isVariableName(session)))
    report(valueError([...path, 'x-session'], 'must be the name of a session variable, as customerId'))
}
