/** What regular expressions accept: a text that some take and another does not, or the proof that there is none. */
import { RE2JS } from 're2js'

/** An instruction of a compiled RE2 program, as re2js keeps it. */
interface Instruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  readonly runes: ArrayLike<number>
  matchRune(rune: number): boolean
}

interface Program {
  readonly inst: readonly Instruction[]
  readonly start: number
}

/** The operations of re2js (`Inst`), and the bits of its empty-width ones (`Utils.EMPTY_…`). */
const ops = { alt: 1, altMatch: 2, capture: 3, emptyWidth: 4, match: 6, nop: 7, rune: 8, rune1: 9, any: 10, anyNotNewline: 11 } as const
const empty = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, boundary: 16, noBoundary: 32 } as const
const foldCase = 1

export interface TextQuery {
  /** The text matches all of these, anywhere in it. */
  readonly all: readonly string[]
  /** The text does not match this one. */
  readonly not?: string | undefined
  /** In code points. */
  readonly minLength?: number | undefined
  readonly maxLength?: number | undefined
}

/** `none`: no text is so. `unknown`: the patterns are beyond what is looked at. */
export type TextFound = { readonly text: string } | 'none' | 'unknown'

const mostStates = 4_000
const mostWork = 1_500_000
const longestText = 100_000

/** `effort`: how much may be looked at, of which this takes its part. */
export function findText(query: TextQuery, effort: { texts: number } = { texts: mostWork }): TextFound {
  const patterns = [...query.all, ...(query.not === undefined ? [] : [query.not])]
  const programs = patterns.map(programOf)
  const known = programs.filter(program => program !== undefined)
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = query
  if (minLength > maxLength) return 'none'
  if (patterns.length === 0) return { text: 'a'.repeat(Math.min(minLength, longestText)) }
  if (known.length < programs.length || minLength > longestText) return 'unknown'
  const letters = lettersOf(known)
  effort.texts -= known.reduce((sum, { inst }) => sum + inst.length, 0) * letters.length
  const asked = (query: TextQuery) => {
    const work = { left: Math.min(mostWork, effort.texts) }
    effort.texts -= work.left
    const found = search({ programs: known, letters, query, work })
    effort.texts += Math.max(0, work.left)
    return found
  }
  // Without a bound, lengths need not be told apart: mostly that is answer enough.
  const unbounded = asked({ ...query, maxLength: undefined })
  return typeof unbounded === 'object' && [...unbounded.text].length > maxLength ? asked(query) : unbounded
}

/** Undefined: it has parts that are not followed here, or re2js keeps programs in another way. */
function programOf(pattern: string): Program | undefined {
  try {
    const { prog } = (RE2JS.compile(pattern) as unknown as { readonly re2Input: { readonly prog: Program } }).re2Input
    const isKnown = prog.inst.every(({ op, arg, runes }) => op >= 1 && op <= ops.anyNotNewline && !(isRune(op) && isFolded(arg, runes)))
    return isKnown ? prog : undefined
  } catch {
    return undefined
  }
}

const isRune = (op: number): boolean => op >= ops.rune && op <= ops.anyNotNewline
const isFolded = (arg: number, runes: ArrayLike<number>): boolean => runes.length === 1 && (arg & foldCase) !== 0

const isWord = (rune: number | undefined): boolean =>
  rune !== undefined && ((rune >= 48 && rune <= 57) || (rune >= 65 && rune <= 90) || rune === 95 || (rune >= 97 && rune <= 122))

const takes = (instruction: Instruction, rune: number): boolean => {
  if (instruction.op === ops.any) return true
  return instruction.op === ops.anyNotNewline ? rune !== 10 : instruction.matchRune(rune)
}

/** One character for all that no program tells apart, the plainest first. */
function lettersOf(programs: readonly Program[]): readonly number[] {
  const points = new Set<number>([0, 10, 11, 32, 48, 58, 65, 91, 95, 96, 97, 123, 127, 0xd7ff, 0xe000])
  const instructions = programs.flatMap(({ inst }) => inst.filter(({ op }) => isRune(op)))
  for (const { runes } of instructions)
    for (let index = 0; index < runes.length; index += runes.length === 1 ? 1 : 2) {
      points.add(runes[index] as number)
      points.add((runes[runes.length === 1 ? index : index + 1] as number) + 1)
    }
  const plain = [97, 48, 65, 45, 32, 122, 57]
  const kinds = new Map<string, number>()
  for (const rune of [...plain, ...points]) {
    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) continue
    const kind = `${isWord(rune)} ${rune === 10} ${instructions.map(each => (takes(each, rune) ? 1 : 0)).join('')}`
    if (!kinds.has(kind)) kinds.set(kind, rune)
  }
  return [...kinds.values()]
}

/** Where one program stands: the instructions that it may go on with; undefined: it has matched. */
type Standing = readonly number[] | undefined

interface State {
  readonly standings: readonly Standing[]
  readonly before: number | undefined
  readonly length: number
  readonly text: readonly number[]
}

interface Search {
  readonly programs: readonly Program[]
  readonly letters: readonly number[]
  readonly query: TextQuery
  readonly work: { left: number }
}

function search(searching: Search): TextFound {
  const { letters, query, work, programs } = searching
  const first: State = { standings: programs.map(() => []), before: undefined, length: 0, text: [] }
  const seen = new Set<string>([keyOf(first, query)])
  const open: State[] = [first]
  for (let index = 0; index < open.length; index += 1) {
    const state = open[index] as State
    if (isFound(searching, state)) return { text: String.fromCodePoint(...state.text) }
    if (state.length >= (query.maxLength ?? Number.POSITIVE_INFINITY)) continue
    for (const letter of letters) {
      const next = step(searching, state, letter)
      const key = keyOf(next, query)
      if (isLost(next, query) || seen.has(key)) continue
      seen.add(key)
      open.push(next)
    }
    if (work.left < 0 || open.length > mostStates) return 'unknown'
  }
  return 'none'
}

/** Lengths beyond the bounds are all alike. */
function keyOf({ standings, before, length }: State, { minLength = 0, maxLength }: TextQuery): string {
  const counted = maxLength === undefined ? Math.min(length, minLength) : length
  const place = length === 0 ? 'start' : before === 10 ? 'line' : isWord(before)
  return `${counted} ${place} ${standings.map(each => each?.join(',') ?? 'M').join(';')}`
}

/** The program that must not match has matched. */
const isLost = ({ standings }: State, { all, not }: TextQuery): boolean => not !== undefined && standings[all.length] === undefined

function isFound(searching: Search, state: State): boolean {
  const { all, minLength = 0 } = searching.query
  if (state.length < minLength) return false
  const ended = state.standings.map((standing, index) => close(searching, { index, standing, state, next: undefined }))
  return ended.every((standing, index) => (standing === undefined) === index < all.length)
}

function step(searching: Search, state: State, next: number): State {
  const standings = state.standings.map((standing, index): Standing => {
    const closed = close(searching, { index, standing, state, next })
    if (closed === undefined) return undefined
    const { inst } = searching.programs[index] as Program
    const moved = closed.flatMap(pc => {
      const instruction = inst[pc] as Instruction
      return isRune(instruction.op) && takes(instruction, next) ? [instruction.out] : []
    })
    return [...new Set(moved)].sort((a, b) => a - b)
  })
  return { standings, before: next, length: state.length + 1, text: [...state.text, next] }
}

interface Closing {
  readonly index: number
  readonly standing: Standing
  readonly state: State
  /** Undefined: the text ends here. */
  readonly next: number | undefined
}

/** All that is reached without a character; a match may begin anywhere. Undefined: it matches. */
function close({ programs, work }: Search, { index, standing, state, next }: Closing): Standing {
  if (standing === undefined) return undefined
  const { inst, start } = programs[index] as Program
  const flags = flagsAt(state, next)
  const open = [...standing, start]
  const seen = new Set<number>()
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    if (seen.has(pc)) continue
    seen.add(pc)
    work.left -= 1
    const { op, out, arg } = inst[pc] as Instruction
    if (op === ops.match) return undefined
    if (op === ops.alt || op === ops.altMatch) open.push(out, arg)
    else if (op === ops.capture || op === ops.nop || (op === ops.emptyWidth && (arg & ~flags) === 0)) open.push(out)
  }
  return [...seen]
}

function flagsAt({ before, length }: State, next: number | undefined): number {
  const isBoundary = isWord(before) !== isWord(next)
  return (
    (length === 0 ? empty.beginText | empty.beginLine : 0) |
    (before === 10 ? empty.beginLine : 0) |
    (next === undefined ? empty.endText | empty.endLine : 0) |
    (next === 10 ? empty.endLine : 0) |
    (isBoundary ? empty.boundary : empty.noBoundary)
  )
}
