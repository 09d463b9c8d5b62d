/** Which texts are shown backwards: by their style, or by U+202E before them in their block. */
import type { Layout, TextBox } from './layout.ts'

const override = '\u202e'
const pop = '\u202c'

interface Mark {
  /** From which character of the text on. */
  readonly at: number
  readonly isOverride: boolean
}

export function backwards(layout: Layout): (line: TextBox) => boolean {
  const marks = marksOf(layout)
  return ({ node, place, start, text }) => {
    const own = marks.get(place) ?? []
    const before = own.findLast(({ at }) => at <= start)
    const within = own.some(({ at, isOverride }) => isOverride && at > start && at < start + text.length)
    return isByStyle(layout, node) || before?.isOverride === true || within
  }
}

const isByStyle = (layout: Layout, node: number): boolean =>
  layout.along(node, 'override', {
    none: false,
    own: (each, around) => {
      const kind = layout.style(each, 'unicode-bidi')
      return kind.includes('override') ? layout.style(each, 'direction') === 'rtl' : around && !kind.includes('isolate')
    }
  })

/** An override that begins in one text goes on in the next ones of the block. */
function marksOf(layout: Layout): ReadonlyMap<number, readonly Mark[]> {
  const marks = new Map<number, readonly Mark[]>()
  const open: string[] = []
  let block = -1
  for (const { place, node, text } of layout.texts) {
    const around = blockOf(layout, node)
    if (around !== block) open.length = 0
    block = around
    const own: Mark[] = [{ at: 0, isOverride: open.at(-1) === override }]
    for (const { 0: mark, index } of text.matchAll(/[\u202a-\u202e]/g)) {
      if (mark === pop) open.pop()
      else open.push(mark)
      own.push({ at: index, isOverride: open.at(-1) === override })
    }
    if (own.some(({ isOverride }) => isOverride)) marks.set(place, own)
  }
  return marks
}

const blockOf = (layout: Layout, node: number): number =>
  layout.along(node, 'block', {
    none: -1,
    // A text has the style of what it stands in.
    own: (each, around) => (layout.isText(each) || /^(|contents|inline.*)$/.test(layout.style(each, 'display')) ? around : each)
  })
