/** What is wrong with a name in an expression, and what to write instead. */
import type { Seen } from '../core/adapter.ts'
import { functionNames } from '../core/expressions/function-names.ts'
import { declaredIn, knownBy } from '../core/names.ts'
import { didYouMean, listOf } from './did-you-mean.ts'

/** What every expression sees. */
export const roots: readonly string[] = ['input', 'session', 'credentials', 'env', 'run', 'steps']
const mostListed = 12

const some = (names: readonly string[]): string =>
  names.length > mostListed ? `${names.slice(0, mostListed).join(', ')}, …` : listOf(names, 'and')

export function unknownName(name: string, { seen: { names, later = [] } }: { readonly seen: Seen }): string {
  const own = names === undefined ? [] : declaredIn(knownBy(names))
  if (later.includes(name)) return `reads ${name}, which only a later step extracts: extract it before this one`
  const meant = didYouMean(name, [...roots, ...own])
  const remedy = meant === undefined ? `it sees ${some([...roots, ...own])}` : `did you mean ${meant}?`
  return `reads ${name}, and there is no such name here; ${remedy}`
}

export function noMember({
  before,
  name,
  declared
}: {
  readonly before: readonly string[]
  readonly name: string
  readonly declared: readonly string[]
}): string {
  const whole = before.join('.')
  const meant = didYouMean(name, declared)
  const remedy =
    meant !== undefined ? `did you mean ${meant}?` : declared.length === 0 ? 'it has no members' : `its members are ${some(declared)}`
  return `reads ${[...before, name].join('.')}, and ${whole} has no ${name}; ${remedy}`
}

/** JSONata: within brackets, and behind a dot, a name is a member of what stands before them. */
export function rootInside({ name, inside }: { readonly name: string; readonly inside: readonly string[] | undefined }): string {
  const member = inside === undefined ? 'of the value itself' : `of ${inside.join('.')}`
  return `reads ${name} within brackets, where a name means a member ${member}: write $$.${name} for the ${name} outside, or $.${name} for a member`
}

export function unknownFunction(name: string, names: readonly string[]): string {
  if (names.includes(name)) return `reads $${name}, which nothing binds: write ${name}, and within brackets $$.${name}`
  const meant = didYouMean(name, [...functionNames])
  const remedy = meant === undefined ? 'the functions are those of docs.jsonata.org' : `did you mean $${meant}?`
  return `uses $${name}, which is no function of JSONata and is not bound by :=; ${remedy}`
}

export function maybeMissing({ source, missing }: { readonly source: string; readonly missing: readonly string[] }): string {
  const [root] = missing
  const remedy = root === 'input' ? ', require it, or give it a default' : ''
  return `${missing.join('.')} may not be there, and {{${source}}} then fails: write {{ optional ${source.trim()} }} where it may be left out${remedy}`
}

export const undeclared = ({ path, meant }: { readonly path: readonly string[]; readonly meant: string }): string =>
  `reads ${path.join('.')}, which the schema allows and does not declare; did you mean ${meant}?`
