/** The names in expressions: against the input's schema, what the adapter says is there, and JSONata's own functions. */
import type { Seen } from '../core/adapter.ts'
import type { Read, Uses } from '../core/expressions/uses.ts'
import { declaredIn, forbids, type Known, knownBy, mayLack, memberOf } from '../core/names.ts'
import type { JsonObject } from '../core/types.ts'
import { didYouMean } from './did-you-mean.ts'
import { type Path, type Report, valueError, valueWarning } from './issue.ts'
import { maybeMissing, noMember, rootInside, roots, undeclared, unknownFunction, unknownName } from './name-messages.ts'

export interface ExpressionPlace {
  readonly path: Path
  /** Between the braces. */
  readonly source: string
  readonly optional: boolean
  readonly uses: Uses
  readonly input: JsonObject
  readonly seen: Seen
  /** Paths that conditions around it have asked about. */
  readonly asked: readonly (readonly string[])[]
  readonly report: Report
}

const isRoot = (name: string): boolean => roots.includes(name)

const open: Known = { root: {}, schemas: [] }
const run = knownBy({
  type: 'object',
  properties: { id: { type: 'string' }, reference: { type: 'string' }, attempt: { type: 'integer' } },
  required: ['id', 'reference', 'attempt'],
  additionalProperties: false
})

export function checkNames(place: ExpressionPlace): void {
  const { uses, path, source, report, seen } = place
  const mistakes = [
    ...uses.reads.flatMap(read => mistakeIn(read, place) ?? []),
    ...uses.loose.filter(isRoot).map(name => rootInside({ name, inside: undefined })),
    ...uses.unbound.map(name => unknownFunction(name, [...roots, ...namesOf(seen)]))
  ]
  for (const mistake of new Set(mistakes)) report(valueError(path, `{{${source}}} ${mistake}`))
  const near = mistakes.length > 0 ? [] : uses.reads.flatMap(read => nearMissIn(read, place) ?? [])
  for (const message of new Set(near)) report(valueWarning(path, `{{${source}}} ${message}`))
  const isSilent = mistakes.length > 0 || place.optional || uses.whole === undefined
  const missing = isSilent ? undefined : lackOf(uses.whole ?? [], place)
  if (missing !== undefined) report(valueWarning(path, maybeMissing({ source, missing })))
}

const namesOf = ({ names }: Seen): readonly string[] => (names === undefined ? [] : declaredIn(knownBy(names)))

/** Undefined: there is no such name. */
function rootOf(name: string, { input, seen: { names, sealed } }: ExpressionPlace): Known | undefined {
  const known = names === undefined ? undefined : knownBy(names, sealed)
  if (known !== undefined && declaredIn(known).includes(name)) return memberOf(known, name)
  if (name === 'input') return knownBy(input)
  if (name === 'run') return run
  if (name === 'steps') return known ?? open
  return isRoot(name) || known === undefined ? open : undefined
}

function mistakeIn({ path, own }: Read, place: ExpressionPlace): string | undefined {
  const [first = '', ...members] = path
  let known = rootOf(first, place)
  const inner = path[own] ?? ''
  // What an outer part reads wrongly is told once, there.
  if (known === undefined && own > 0) return isRoot(inner) ? rootInside({ name: inner, inside: path.slice(0, own) }) : undefined
  if (known === undefined) return unknownName(first, place)
  for (const [index, name] of members.entries()) {
    const before = path.slice(0, index + 1)
    const isForbidden = forbids(known, name)
    if (isForbidden && before.length < own) return undefined
    if (before.length === own && isMeantOutside({ name, known, isForbidden }, place)) return rootInside({ name, inside: before })
    if (isForbidden) return noMember({ before, name, declared: declaredIn(known) })
    known = memberOf(known, name)
  }
  return undefined
}

/** The input may have other members than those that are declared; one that nearly has the name of such a one is hardly meant. */
function nearMissIn({ path, own }: Read, { input }: ExpressionPlace): string | undefined {
  if (path[0] !== 'input' || own > 1) return undefined
  let known = knownBy(input)
  for (const [index, name] of path.slice(1).entries()) {
    const before = known
    known = memberOf(known, name)
    if (known.schemas.length > 0 || declaredIn(before).includes(name)) continue
    const meant = didYouMean(name, declaredIn(before))
    return meant === undefined ? undefined : undeclared({ path: path.slice(0, index + 2), meant })
  }
  return undefined
}

/** A root's name alone in brackets: a member of what stands before them, unless nothing declares one. */
function isMeantOutside(
  { name, known, isForbidden }: { readonly name: string; readonly known: Known; readonly isForbidden: boolean },
  { seen }: ExpressionPlace
): boolean {
  if (isRoot(name)) return !declaredIn(known).includes(name)
  return isForbidden && namesOf(seen).includes(name) && didYouMean(name, declaredIn(known)) === undefined
}

/** The first part of the path that a good call may not have. */
function lackOf(path: readonly string[], place: ExpressionPlace): readonly string[] | undefined {
  const [first = '', ...members] = path
  const { names } = place.seen
  const isAsked = (length: number) => place.asked.some(asked => asked.slice(0, length).join('.') === path.slice(0, length).join('.'))
  if (names !== undefined && mayLack(knownBy(names), first) && !isAsked(1)) return [first]
  let known = rootOf(first, place) ?? open
  for (const [index, name] of members.entries()) {
    if (mayLack(known, name)) return isAsked(index + 2) ? undefined : path.slice(0, index + 2)
    known = memberOf(known, name)
  }
  return undefined
}
