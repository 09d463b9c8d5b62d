/** The head of a value that is too long in itself: less and less of its texts, lists and members, until it has room. */
import { isObject } from '../core/schema-at.ts'
import type { Json } from '../core/types.ts'
import { type Boxes, boxAt, inBox } from './readable.ts'

interface Shrinking {
  readonly boxes: Boxes
  hasRoom(value: Json): boolean
}

interface Level {
  readonly characters: number
  readonly items: number
  readonly members: number
  readonly depth: number
}

const levels: readonly Level[] = [
  { characters: 20_000, items: 1_000, members: 1_000, depth: 12 },
  { characters: 4_000, items: 200, members: 200, depth: 8 },
  { characters: 1_000, items: 50, members: 100, depth: 8 },
  { characters: 400, items: 20, members: 50, depth: 6 },
  { characters: 200, items: 5, members: 20, depth: 4 },
  { characters: 80, items: 2, members: 10, depth: 3 },
  { characters: 40, items: 1, members: 5, depth: 2 }
]

export function shrunk(value: Json, { boxes, hasRoom }: Shrinking): Json {
  for (const level of levels) {
    const smaller = shrink(value, level, boxes)
    if (hasRoom(smaller)) return smaller
  }
  return '…'
}

function shrink(written: Json, level: Level, boxes: Boxes): Json {
  const value = boxAt(written, boxes)?.value ?? written
  if (typeof value === 'string') return inBox(written, shortText(value, level.characters), boxes)
  if (typeof value !== 'object' || value === null) return written
  if (level.depth === 0) return '…'
  const below = { ...level, depth: level.depth - 1 }
  return inBox(written, Array.isArray(value) ? shortList(value, below, boxes) : shortObject(value, below, boxes), boxes)
}

const shortText = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}… (${text.length} characters in all)`

function shortList(items: readonly Json[], level: Level, boxes: Boxes): Json {
  const kept = items.slice(0, level.items).map(item => shrink(item, level, boxes))
  return items.length <= level.items ? kept : [...kept, `… ${items.length - level.items} more`]
}

function shortObject(value: Json, level: Level, boxes: Boxes): Json {
  const members = isObject(value) ? Object.entries(value) : []
  const kept = members.slice(0, level.members).map(([name, member]): [string, Json] => [shortText(name, 80), shrink(member, level, boxes)])
  const rest = members.length - level.members
  return Object.fromEntries(rest <= 0 ? kept : [...kept, ['…', `${rest} more`]])
}
