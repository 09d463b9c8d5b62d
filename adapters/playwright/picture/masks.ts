/** Which boxes of a page show one of the values that must not be seen. */
import { createTextFinder } from '../../../src/index.ts'
import type { Box } from './png.ts'
import type { Background, Seen, ShownText } from './seen.ts'

export interface Hidden {
  /** A value of two letters is looked for within one text, and without anything visible between them; a longer one over all of them. */
  readonly within: ReturnType<typeof createTextFinder>
  readonly across: ReturnType<typeof createTextFinder>
  /** The run has values of its own that must not be seen: a picture may show one. */
  readonly always: boolean
}

export interface Masks {
  readonly boxes: readonly Box[]
  readonly backgrounds: readonly Background[]
}

export function hiddenOf(credentials: readonly string[], marked: readonly string[]): Hidden {
  const values = [...credentials, ...marked]
  const others = marked.filter(value => value.length > 1 && !credentials.includes(value))
  return {
    within: createTextFinder(values, { shortest: 2 }),
    across: createTextFinder(values, { shortest: 3 }),
    always: others.length > 0
  }
}

export function masksOf(seen: Seen, hidden: Hidden): Masks {
  const texts = [...shown(seen.texts, hidden)]
  const coversPictures = hidden.always || texts.length > 0
  return {
    boxes: [...seen.closed, ...texts.map(wide), ...(coversPictures ? seen.pictures : [])],
    backgrounds: coversPictures ? seen.backgrounds : []
  }
}

/** Letters reach out of their boxes a little. */
function wide({ box: { x, y, width, height }, ink }: ShownText): Box {
  const by = 2 + height * 0.15 + ink
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by }
}

/** In the order of the document, and as a person reads: line by line, and column by column. */
function shown(texts: readonly ShownText[], hidden: Hidden): ReadonlySet<ShownText> {
  const all = new Set<ShownText>()
  const clear = texts.filter(({ faint }) => !faint)
  for (const some of clear.length === texts.length ? [texts] : [texts, clear]) {
    mark(all, some, { find: hidden.across, between: '', read: ({ text }) => text })
    for (const ordered of [lines(some), columns(some)])
      mark(all, ordered, { find: hidden.across, between: '', read: ({ visual }) => visual })
  }
  mark(all, texts, { find: hidden.within, between: '\n', read: ({ text }) => text })
  mark(all, texts, { find: hidden.within, between: '\n', read: ({ visual }) => visual })
  return all
}

interface Reading {
  readonly find: Hidden['within']
  readonly between: string
  readonly read: (text: ShownText) => string
}

function mark(into: Set<ShownText>, texts: readonly ShownText[], { find, between, read }: Reading): void {
  const ranges = find(texts.map(read).join(between))
  let at = 0
  let next = 0
  for (const text of texts) {
    const end = at + read(text).length
    while (next < ranges.length && (ranges[next]?.to ?? 0) <= at) next++
    const range = ranges[next]
    if (range !== undefined && range.from < end) into.add(text)
    at = end + between.length
  }
}

const lines = (texts: readonly ShownText[]): ShownText[] =>
  inRows(texts, { along: ({ box }) => box.x, across: ({ box }) => box.y + box.height / 2, size: ({ box }) => box.height })

const columns = (texts: readonly ShownText[]): ShownText[] =>
  inRows(texts, { along: ({ box }) => box.y, across: ({ box }) => box.x + box.width / 2, size: ({ box }) => box.width })

type Measure = (text: ShownText) => number

/** Boxes beside each other, within half of their height, are one row. */
function inRows(
  texts: readonly ShownText[],
  { along, across, size }: { readonly along: Measure; readonly across: Measure; readonly size: Measure }
): ShownText[] {
  const rows: ShownText[][] = []
  for (const text of texts.toSorted((a, b) => across(a) - across(b))) {
    const row = rows.at(-1)
    const [first] = row ?? []
    const isNear = first !== undefined && across(text) - across(first) <= Math.min(size(first), size(text)) / 2
    if (isNear) row?.push(text)
    else rows.push([text])
  }
  return rows.flatMap(row => row.toSorted((a, b) => along(a) - along(b)))
}
