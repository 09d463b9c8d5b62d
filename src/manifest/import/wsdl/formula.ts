/** Which properties must be there together → `required` and its relatives. */
import type { Json, JsonObject } from '../../../core/types.ts'

export type Formula =
  | { readonly kind: 'has'; readonly name: string }
  | { readonly kind: 'all'; readonly of: readonly Formula[] }
  | { readonly kind: 'maybe'; readonly of: Formula; readonly names: readonly string[] }
  | { readonly kind: 'one'; readonly of: readonly Branch[]; readonly optional: boolean }

export interface Branch {
  readonly formula: Formula
  readonly names: readonly string[]
}

export function formulaSchema(formula: Formula): JsonObject {
  const parts = flat(formula)
  const required = [...new Set(parts.flatMap(each => (each.kind === 'has' ? [each.name] : [])))]
  const others = parts.flatMap(each => (each.kind === 'has' ? [] : [conditionSchema(each)])).filter(each => Object.keys(each).length > 0)
  const own: JsonObject = required.length > 0 ? { required } : {}
  const [only] = others
  if (others.length === 0 || only === undefined) return own
  if (others.length === 1) return Object.hasOwn(only, 'required') ? { ...own, allOf: [only] } : { ...own, ...only }
  return { ...own, allOf: others }
}

const flat = (formula: Formula): readonly Formula[] => (formula.kind === 'all' ? formula.of.flatMap(flat) : [formula])

const none = (names: readonly string[]): JsonObject => ({ not: { anyOf: names.map(name => ({ required: [name] })) } })

function conditionSchema(formula: Formula): JsonObject {
  if (formula.kind === 'maybe') return together(formula.of, formula.names)
  if (formula.kind === 'one') return exactlyOne(formula.of, formula.optional)
  return formulaSchema(formula)
}

/** All of them or none. */
function together(formula: Formula, names: readonly string[]): JsonObject {
  const parts = flat(formula)
  if (parts.every(each => each.kind === 'has')) {
    const needed = parts.map(each => each.name)
    const rules = names.map(name => [name, needed.filter(each => each !== name)] as const).filter(([, others]) => others.length > 0)
    return rules.length === 0 ? {} : { dependentRequired: Object.fromEntries(rules) as JsonObject }
  }
  const inside = formulaSchema(formula)
  return Object.keys(inside).length === 0 ? {} : { anyOf: [inside, none(names)] }
}

const isHas = ({ formula }: Branch): boolean => flat(formula).length === 1 && flat(formula)[0]?.kind === 'has'

function exactlyOne(branches: readonly Branch[], optional: boolean): JsonObject {
  const all = branches.flatMap(({ names }) => names)
  if (branches.every(branch => isHas(branch) && branch.names.length === 1)) {
    const each: readonly Json[] = all.map(name => ({ required: [name] }))
    return { oneOf: optional ? [...each, none(all)] : each }
  }
  const each = branches.map(({ formula, names }) => {
    const own = formulaSchema(formula)
    const others = all.filter(name => !names.includes(name))
    return Object.hasOwn(own, 'not') ? { allOf: [own, none(others)] } : { ...own, ...none(others) }
  })
  return { anyOf: optional ? [...each, none(all)] : each }
}
