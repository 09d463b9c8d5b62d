/** What zod found → sentences that say what to write instead. */
import { z } from 'zod'
import { didYouMean, listOf } from './did-you-mean.ts'
import { type Finding, keyError, type Path, valueError } from './issue.ts'

export interface Explained<T> {
  readonly data: T | undefined
  readonly findings: readonly Finding[]
}

export function checkShape<T>(shape: z.ZodType<T>, value: unknown): Explained<T> {
  const known: Known = new WeakMap()
  const result = shape.safeParse(value, { error: raised => sentence(raised, known) })
  if (result.success) return { data: result.data, findings: [] }
  return { data: undefined, findings: result.error.issues.flatMap(issue => explain(issue, [], known)) }
}

/** The keys that the object of an `unrecognized_keys` issue knows; zod keeps the list of unknown ones as it is, so that it can be the key here. */
type Known = WeakMap<readonly string[], readonly string[]>

type Issue = z.core.$ZodIssue

function explain(issue: Issue, above: Path, known: Known): readonly Finding[] {
  const path = [...above, ...(issue.path as Path)]
  if (issue.code === 'unrecognized_keys') {
    const names = known.get(issue.keys) ?? []
    return issue.keys.map(key => keyError([...path, key], `unknown key; ${knownKeys(key, names)}`))
  }
  if (issue.code === 'invalid_key') return [keyError(path, issue.issues[0]?.message ?? 'is not a valid key')]
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return nearest(issue.errors.map(branch => branch.flatMap(inner => explain(inner, path, known))))
  return [issue.message.startsWith('is missing') ? keyError(path, issue.message) : valueError(path, issue.message)]
}

function knownKeys(key: string, names: readonly string[]): string {
  const meant = didYouMean(key, names)
  if (meant !== undefined) return `did you mean ${meant}?`
  return names.length === 0 ? 'no key can stand here: leave it out' : `the keys here are ${listOf(names, 'and')}`
}

/** Of a union's branches the one that was meant: where the mistakes lie deepest, and are fewest. */
function nearest(branches: readonly (readonly Finding[])[]): readonly Finding[] {
  const depth = (branch: readonly Finding[]) =>
    Math.max(...branch.map(finding => finding.path.length + (finding.message.startsWith('unknown key') ? -1 : 0)))
  const ranked = branches.filter(branch => branch.length > 0).sort((a, b) => depth(b) - depth(a) || a.length - b.length)
  const equals = ranked.filter(branch => branch.length === 1 && depth(branch) === depth(ranked[0] ?? []))
  return equals.length > 1 && (ranked[0]?.length ?? 0) === 1 ? merged(equals.flat()) : (ranked[0] ?? [])
}

/** `must be text, not a list` and `must be true, not a list` → `must be text or true, not a list`. */
function merged(findings: readonly Finding[]): readonly Finding[] {
  const first = findings[0]
  if (first === undefined) return []
  const parts = findings.map(({ message }) => /^must be (.*?), (not [^;]*)/.exec(message))
  if (parts.some(part => part === null)) return [first]
  const wanted = [...new Set(parts.map(part => part?.[1] ?? ''))]
  return [{ ...first, message: `must be ${listOf(wanted, 'or')}, ${parts[0]?.[2] ?? ''}` }]
}

function sentence(raised: z.core.$ZodRawIssue, known: Known): string | undefined {
  if (raised.code === 'unrecognized_keys') {
    const shape = (raised.inst as z.ZodObject | undefined)?.shape
    if (shape !== undefined) known.set(raised.keys as string[], Object.keys(shape))
    return 'unknown key'
  }
  if (raised.input === undefined) return `is missing${missing(raised)}`
  return sentences[raised.code]?.(raised)
}

function missing({ inst }: z.core.$ZodRawIssue): string {
  const description = inst === undefined ? undefined : z.globalRegistry.get(inst as z.ZodType)?.description
  return description === undefined ? '' : `: ${description.charAt(0).toLowerCase()}${description.slice(1).replace(/\.$/, '')}`
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number'
}

const sentences: Readonly<Record<string, (raised: z.core.$ZodRawIssue) => string>> = {
  invalid_type: ({ expected, input }) => {
    const wanted = `must be ${words[String(expected)] ?? String(expected)}, not ${named(input)}`
    return expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')
      ? `${wanted}; write "${input}" in quotes`
      : wanted
  },
  invalid_value: ({ values, input }) => {
    const allowed = (values as readonly unknown[]).map(String)
    const meant = typeof input === 'string' ? didYouMean(input, allowed) : undefined
    return `must be ${listOf(allowed, 'or')}, not ${named(input)}${meant === undefined ? '' : `; did you mean ${meant}?`}`
  },
  too_small: ({ minimum, origin }) =>
    counted(origin)
      ? minimum === 1
        ? 'must not be empty'
        : `must have at least ${minimum}${unit(origin)}`
      : `must be at least ${minimum}`,
  too_big: ({ maximum, origin }) => (counted(origin) ? `must have at most ${maximum}${unit(origin)}` : `must be at most ${maximum}`),
  invalid_format: ({ input, pattern }) => `${named(input)} does not match ${pattern ?? 'its format'}`
}

const counted = (origin: unknown): boolean => origin === 'string' || origin === 'array'
const unit = (origin: unknown): string => (origin === 'string' ? ' characters' : ' entries')

function named(input: unknown): string {
  if (input === null) return 'empty'
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'object') return 'a mapping'
  const text = JSON.stringify(input)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
