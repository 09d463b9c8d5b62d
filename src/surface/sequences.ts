/** What can be long in an output: lists, long texts, and objects with many members, none of them inside another. */
import { isObject } from '../core/schema-at.ts'
import type { Json } from '../core/types.ts'
import { type Boxes, boxAt, inBox, type Readable } from './readable.ts'

/** What of a sequence is there, counted from 0. */
export interface Part {
  /** JSON Pointer into the output. */
  readonly pointer: string
  readonly unit: 'items' | 'members' | 'characters'
  readonly from: number
  readonly to: number
  readonly of: number
}

/** Is taken in steps: an item, a member, a block of text. */
export interface Sequence {
  readonly pointer: string
  readonly steps: number
  readonly isList: boolean
  slice(from: number, to: number): Json
  part(from: number, to: number): Part
}

const longText = 1_000
const block = 500
const manyMembers = 100
const mostSequences = 64
const deepest = 6

/** The same for the same output, whatever a budget is; a cursor counts on it. */
export function sequencesIn({ value, boxes }: Readable): readonly Sequence[] {
  const found: Sequence[] = []
  visit(value, { boxes, pointer: '', depth: 0 }, sequence => {
    found.push(sequence)
    return undefined
  })
  return found.slice(0, mostSequences)
}

/** With another value in place of each sequence for which there is one. */
export const withSequences = ({ value, boxes }: Readable, instead: (sequence: Sequence) => Json | undefined): Json =>
  visit(value, { boxes, pointer: '', depth: 0 }, instead)

interface Spot {
  readonly boxes: Boxes
  readonly pointer: string
  readonly depth: number
}

function visit(written: Json, { boxes, pointer, depth }: Spot, see: (sequence: Sequence) => Json | undefined): Json {
  const value = boxAt(written, boxes)?.value ?? written
  const sequence = sequenceAt(value, pointer, depth)
  if (sequence !== undefined) {
    const instead = see(sequence)
    return instead === undefined ? written : inBox(written, instead, boxes)
  }
  if (!isObject(value)) return written
  const members = Object.entries(value).map(([name, member]): [string, Json] => [
    name,
    visit(member, { boxes, pointer: `${pointer}/${escaped(name)}`, depth: depth + 1 }, see)
  ])
  return inBox(written, Object.fromEntries(members), boxes)
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

function sequenceAt(value: Json, pointer: string, depth: number): Sequence | undefined {
  if (typeof value === 'string') return value.length > longText ? ofText(value, pointer) : undefined
  if (Array.isArray(value)) return ofList(value as readonly Json[], pointer)
  if (!isObject(value)) return undefined
  const members = Object.entries(value)
  return members.length > manyMembers || (depth >= deepest && members.length > 0) ? ofMembers(members, pointer) : undefined
}

const ofList = (items: readonly Json[], pointer: string): Sequence => ({
  pointer,
  steps: items.length,
  isList: true,
  slice: (from, to) => items.slice(from, to),
  part: (from, to) => ({ pointer, unit: 'items', from, to, of: items.length })
})

const ofMembers = (members: readonly (readonly [string, Json])[], pointer: string): Sequence => ({
  pointer,
  steps: members.length,
  isList: false,
  slice: (from, to) => Object.fromEntries(members.slice(from, to)),
  part: (from, to) => ({ pointer, unit: 'members', from, to, of: members.length })
})

function ofText(text: string, pointer: string): Sequence {
  const at = (step: number): number => boundary(text, Math.min(text.length, step * block))
  return {
    pointer,
    steps: Math.ceil(text.length / block),
    isList: false,
    slice: (from, to) => text.slice(at(from), at(to)),
    part: (from, to) => ({ pointer, unit: 'characters', from: at(from), to: at(to), of: text.length })
  }
}

/** Not between the two halves of one character. */
const boundary = (text: string, at: number): number => (/[\udc00-\udfff]/.test(text.charAt(at)) ? at + 1 : at)
