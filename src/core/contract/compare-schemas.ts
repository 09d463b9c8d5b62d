/** Two versions of a schema: where a value that was good is so no longer, each place with a value that shows it where one is found. */
import { withDefaults } from '../defaults.ts'
import type { Json, JsonSchema } from '../types.ts'
import { conjunction } from './conjunction.ts'
import { type Effort, effortOfBot, partOf } from './effort.ts'
import type { Gap } from './gap.ts'
import { createProver } from './prover.ts'
import { around, candidatesOf } from './sample-values.ts'
import { createFits, wholeCheck, withoutClosing } from './side-checks.ts'
import { rootOf, type Side } from './spot.ts'

export interface Comparison {
  /** `input`: what callers send; `output`: what they are answered. */
  readonly direction: 'input' | 'output'
  readonly before: Side
  readonly after: Side
  readonly effort?: Effort | undefined
}

export interface Break {
  readonly gap: Gap
  /**
   * A value that the one version has and the other does not: an input that was taken and is refused, an output that was never answered
   * before. Undefined: none was found, so nobody can tell whether there is one.
   */
  readonly example: { readonly value: Json } | undefined
}

/** Empty: it is shown that what was good before is good now. */
export function compareSchemas({ effort = effortOfBot(), ...comparison }: Comparison): readonly Break[] {
  const { part, done } = partOf(effort)
  const breaks = compare({ ...comparison, effort: part })
  done()
  return breaks
}

function compare({ direction, before, after, effort }: Comparison & { readonly effort: Effort }): readonly Break[] {
  const [from, to] = direction === 'input' ? [before, after] : [after, before]
  const fits = createFits()
  const prover = createProver({ direction, fits, effort })
  const gaps = onePerPlace(prover.within({ values: conjunction([rootOf(from)]), wanted: rootOf(to), at: [] }))
  if (gaps.length === 0) return []
  const was = (value: Json) => fits(direction === 'input' ? withDefaults(from.root, value) : value, rootOf(from))
  const open = direction === 'input' ? undefined : wholeCheck(withoutClosing(to.root) as JsonSchema)
  const is = open ?? ((value: Json) => fits(withDefaults(to.root, value), rootOf(to)))
  return gaps.map(gap => ({ gap, example: effort.examples-- > 0 ? exampleOf(gap, from, { fits, was, is }) : undefined }))
}

/** One gap for each keyword; its places in a value, and what may be found there, come together. */
function onePerPlace(gaps: readonly Gap[]): readonly Gap[] {
  const found = new Map<string, Gap>()
  for (const gap of gaps) {
    const known = found.get(gap.pointer)
    found.set(gap.pointer, known === undefined ? gap : { ...known, candidates: [...known.candidates, ...gap.candidates] })
  }
  return [...found.values()]
}

interface Checks {
  readonly fits: ReturnType<typeof createFits>
  readonly was: (value: Json) => boolean | undefined
  readonly is: (value: Json) => boolean | undefined
}

const mostCandidates = 150

function exampleOf(gap: Gap, from: Side, { fits, was, is }: Checks): Break['example'] {
  const whole = conjunction([rootOf(from)])
  const near = candidatesOf(gap).filter(
    value => gap.values.spots.every(spot => fits(value, spot) !== false) && fits(value, gap.wanted) !== true
  )
  for (const candidate of near.slice(0, mostCandidates))
    for (const value of around(whole, gap.at, candidate)) if (was(value) === true && is(value) === false) return { value }
  return undefined
}
