/** The output of a run as its reader gets it: whole, or as much of it as the budget and the caller's limit leave, with how to go on. */
import type { Json, Run } from '../core/types.ts'
import { type CountTokens, hasAtMost, loadTokenCounter } from '../surface/count-tokens.ts'
import { type Cut, cut, uncut } from '../surface/cut.ts'
import { unboxed } from '../surface/for-models.ts'
import { type Readable, readable, unmarked } from '../surface/readable.ts'
import { shortText } from '../surface/short-text.ts'
import { badCursor, cursorText } from './cursor.ts'
import type { Shape } from './shape.ts'

export type Wanted = Pick<Shape, 'select' | 'schema' | 'limit' | 'cursor'>

/** How a reader of text gets what is not there, in its own words. */
export interface Guide {
  /** `cursor`: of this run. */
  more(cursor: string): string
  /** Where all of it is, and how to ask for less. */
  readonly rest: string
}

/** Tokens that the note below a cut text takes. */
const ofNote = 200

export interface Told {
  readonly text: string
  readonly cut: Cut
}

/** `budget`: tokens of the text; 0: no limit. */
export async function toldText(
  run: Run,
  wanted: Wanted,
  { budget, guide }: { readonly budget: number; readonly guide: Guide }
): Promise<Told> {
  const count = await loadTokenCounter()
  const read = readable(wanted.select(run.output ?? null), wanted.schema)
  const whole = textWithin(read, wanted, { budget, count })
  if (whole !== undefined) return { text: whole, cut: uncut(read) }
  const made = cutOf(read, wanted, {
    budget: budget === 0 ? 0 : Math.max(budget - ofNote - count(guide.rest) - count(guide.more('')), budget / 2),
    count
  })
  return { text: cutText(made, { count, guide }), cut: made }
}

/** Undefined: a part is wanted, or it is too long. */
function textWithin(read: Readable, { limit, cursor }: Wanted, { budget, count }: Sized): string | undefined {
  if (limit !== undefined || cursor !== undefined) return undefined
  if (budget === 0) return shortText(read, { count })
  // Text is a half of JSON at best: what is longer by far is not written out to be counted.
  if (JSON.stringify(read.value).length > budget * mostCharacters) return undefined
  const text = shortText(read, { count })
  return hasAtMost(text, budget, count) ? text : undefined
}

const mostCharacters = 20

export const cutText = (made: Cut, { count, guide }: { readonly count: CountTokens; readonly guide: Guide }): string =>
  [shortText(made.readable, { count, windows: made.windows }), ...noteOf(made, guide)].join('\n')

interface Sized {
  readonly budget: number
  readonly count: CountTokens
}

/** Throws invalid_request for a cursor that is not of this output. */
export function cutOf(read: Readable, { limit, cursor }: Pick<Wanted, 'limit' | 'cursor'>, { budget, count }: Sized): Cut {
  try {
    return cut(read, { budget: budget === 0 ? Number.POSITIVE_INFINITY : budget, count, limit, offsets: cursor?.offsets })
  } catch (error) {
    if (error instanceof RangeError) throw badCursor('/query/cursor', 'is of another output, or of other fields')
    throw error
  }
}

const mostParts = 8

function noteOf({ parts, next, shortened }: Cut, { more, rest }: Guide): readonly string[] {
  if (parts.length === 0 && !shortened) return []
  const here = parts
    .filter(({ from, to, of }) => to > from || to < of)
    .map(
      ({ pointer, unit, from, to, of }) =>
        `${to > from ? `${from + 1} to ${to}` : 'none'} of ${of} ${unit} in ${pointer.slice(1) || 'the output'}`
    )
  const others = here.length > mostParts ? [`and ${here.length - mostParts} more are cut`] : []
  const long = shortened ? ['what is too long in itself is cut with …'] : []
  const what = [...here.slice(0, mostParts), ...others, ...long]
  return [`Not all of it${what.length === 0 ? '' : `: ${what.join('; ')}`}.`, ...(next === undefined ? [] : [more(cursorText(next))]), rest]
}

/** For programs and `?format=`: of a limit and a cursor alone, never of a budget. */
export function toldJson(
  run: Run,
  { select, schema, forModel, limit, cursor }: Shape
): { readonly value: Json; readonly next: string | undefined } {
  const output = select(run.output ?? null)
  const read = forModel ? readable(output, schema) : unmarked(output)
  if (limit === undefined && cursor === undefined) return { value: unboxed(read), next: undefined }
  const made = cutOf(read, { limit, cursor }, { budget: 0, count: () => 0 })
  return { value: unboxed(made.readable), next: made.next === undefined ? undefined : cursorText(made.next) }
}
