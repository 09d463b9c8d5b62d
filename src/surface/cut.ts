/** The head of an output that is too long for a model, and how to go on from there. Each of its sequences has a window of its own. */
import type { Json } from '../core/types.ts'
import type { CountTokens } from './count-tokens.ts'
import { unboxed } from './for-models.ts'
import type { Readable } from './readable.ts'
import { type Part, type Sequence, sequencesIn, withSequences } from './sequences.ts'
import { shrunk } from './shrink.ts'

export interface Cut {
  readonly readable: Readable
  /** Of the sequences that are not whole; none: all of it is there. */
  readonly parts: readonly Part[]
  /** Where each sequence goes on; undefined: nothing follows. */
  readonly next: readonly number[] | undefined
  /** Something was too long in itself: no window shows all of it. */
  readonly shortened: boolean
  /** The lists of which a window is there. */
  readonly windows: ReadonlyMap<Json, Part>
}

export interface CutOptions {
  /** Tokens; Infinity: no limit. */
  readonly budget: number
  readonly count: CountTokens
  /** Most items of each list. */
  readonly limit?: number | undefined
  /** Where each sequence begins: `next` of the cut before. */
  readonly offsets?: readonly number[] | undefined
}

/** Of the budget: what may stand around the sequences. */
const mostAround = 0.75

/** Throws RangeError where the offsets are not of this output. */
export function cut(whole: Readable, { budget, count, limit = Number.POSITIVE_INFINITY, offsets }: CutOptions): Cut {
  const { boxes } = whole
  const sequences = sequencesIn(whole)
  const from = offsets ?? sequences.map(() => 0)
  if (from.length !== sequences.length || sequences.some(({ steps }, i) => (from[i] ?? 0) > steps))
    throw new RangeError('not of this output')
  const cost = (value: Json): number => (budget === Number.POSITIVE_INFINITY ? 0 : count(JSON.stringify(unboxed({ value, boxes }))) + 1)
  const around = cost(withSequences(whole, ({ slice }) => slice(0, 0)))
  if (around > budget * mostAround) return headOf(whole, value => cost(value) <= budget)
  const left = budget - around
  const to = take(sequences, { from, limit, left, cost })
  const stuck = limit === 0 || to.some((end, i) => end > (from[i] ?? 0)) ? -1 : sequences.findIndex(({ steps }, i) => (to[i] ?? 0) < steps)
  if (stuck < 0) return windowed(whole, { sequences, from, to })
  // Not one step has room: the head of it, and the next cut goes on behind it.
  const at = from[stuck] ?? 0
  const { slice } = sequences[stuck] as Sequence
  const small = shrunk(slice(at, at + 1), { boxes, hasRoom: value => cost(value) <= left })
  return { ...windowed(whole, { sequences, from, to: to.with(stuck, at + 1), small: { stuck, value: small } }), shortened: true }
}

interface Taking {
  readonly from: readonly number[]
  readonly limit: number
  readonly left: number
  cost(value: Json): number
}

/** A step of each in turn, so that of each there is something; answers where each ends. */
function take(sequences: readonly Sequence[], { from, limit, left: budget, cost }: Taking): readonly number[] {
  const to = [...from]
  let left = budget
  let open = sequences.map((_, i) => i)
  while (open.length > 0) {
    open = open.filter(i => {
      const { steps, isList, slice } = sequences[i] as Sequence
      const at = to[i] as number
      if (at >= steps || (isList && at - (from[i] as number) >= limit)) return false
      const price = cost(slice(at, at + 1))
      if (price > left) return false
      left -= price
      to[i] = at + 1
      return true
    })
  }
  return to
}

interface Windows {
  readonly sequences: readonly Sequence[]
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly small?: { readonly stuck: number; readonly value: Json }
}

function windowed(whole: Readable, { sequences, from, to, small }: Windows): Cut {
  const windows = new Map<Json, Part>()
  const indexes = new Map(sequences.map(({ pointer }, i) => [pointer, i]))
  const isWhole = (i: number): boolean => from[i] === 0 && to[i] === sequences[i]?.steps
  const value = withSequences(whole, ({ pointer, slice, part, isList }) => {
    const i = indexes.get(pointer)
    if (i === undefined || (isWhole(i) && small?.stuck !== i)) return undefined
    const [begin, end] = [from[i] as number, to[i] as number]
    const shown = small?.stuck === i ? small.value : slice(begin, end)
    if (isList) windows.set(shown, part(begin, end))
    return shown
  })
  return {
    readable: { value, boxes: whole.boxes },
    parts: sequences.flatMap(({ part }, i) => (isWhole(i) ? [] : [part(from[i] as number, to[i] as number)])),
    next: sequences.some(({ steps }, i) => (to[i] as number) < steps) ? to : undefined,
    shortened: false,
    windows
  }
}

export const uncut = (whole: Readable): Cut => ({ readable: whole, parts: [], next: undefined, shortened: false, windows: new Map() })

/** Without windows: what stands around the sequences is too long already. */
const headOf = ({ value, boxes }: Readable, hasRoom: (value: Json) => boolean): Cut => ({
  ...uncut({ value: shrunk(value, { boxes, hasRoom }), boxes }),
  shortened: true
})
