/** Everything that a person sees on a page, and where: texts, fields, pictures, frames; in pixels from the top left of the visible part. */
import { backwards } from './backwards.ts'
import type { Layout } from './layout.ts'
import type { Box } from './png.ts'

export interface ShownText {
  /** In the order in which it is written, and as it is read from left to right. */
  readonly text: string
  readonly visual: string
  readonly box: Box
  /** How far shadows and filters paint it beside its box. */
  readonly ink: number
  /** It is there, and next to nobody sees it. */
  readonly faint: boolean
}

/** A background that is a picture. */
export interface Background {
  readonly frameId: string
  readonly backendId: number
  readonly box: Box
}

export interface Seen {
  readonly texts: ShownText[]
  /** Pictures of any kind: the text in them can not be read. */
  readonly pictures: Box[]
  readonly backgrounds: Background[]
  /** Passwords, and frames that can not be looked into. */
  readonly closed: Box[]
}

interface Place {
  readonly x: number
  readonly y: number
}

const frames = new Set(['IFRAME', 'FRAME', 'FENCEDFRAME'])
const pictures = new Set(['CANVAS', 'IMG', 'VIDEO', 'OBJECT', 'EMBED', 'SVG', 'IMAGE'])
const isPicture = /url\(|image-set\(|cross-fade\(|paint\(|element\(/

export function seenOn(layouts: readonly Layout[]): Seen {
  const seen: Seen = { texts: [], pictures: [], backgrounds: [], closed: [] }
  const [main] = layouts
  if (main === undefined) throw new Error('the browser shows no document')
  lookAt({ layout: main, layouts, seen, origin: { x: 0, y: 0 } })
  return seen
}

interface Look {
  readonly layout: Layout
  readonly layouts: readonly Layout[]
  readonly seen: Seen
  /** Where the document's visible part begins. */
  readonly origin: Place
}

function lookAt(look: Look): void {
  const { layout, seen } = look
  const moved = move(look)
  const isBackwards = backwards(layout)
  for (const line of layout.textBoxes) {
    const { node, text, box } = line
    if (layout.style(node, 'visibility') === 'hidden' || text === '') continue
    const visual = isBackwards(line) ? [...text].reverse().join('') : text
    seen.texts.push({ text, visual, box: moved(box), ink: inkBeyond(layout, node), faint: isFaint(layout, node, box) })
  }
  const selects = listTexts(layout)
  for (const node of layout.nodes) {
    if (layout.style(node, 'visibility') === 'hidden') continue
    const name = layout.name(node)
    if (frames.has(name)) lookInto(look, node)
    else lookAtElement(look, node, { name, listed: selects.get(node) })
  }
}

const move =
  ({ layout, origin }: Look) =>
  (box: Box): Box => ({ ...box, x: box.x - layout.scroll.x + origin.x, y: box.y - layout.scroll.y + origin.y })

function lookAtElement(look: Look, node: number, { name, listed }: { name: string; listed: string | undefined }): void {
  const { layout, seen } = look
  const box = move(look)(layout.box(node))
  const say = (text: string | undefined) => {
    if (text) seen.texts.push({ text, visual: text, box, ink: inkBeyond(layout, node), faint: false })
  }
  const type = layout.attribute(node, 'type')?.toLowerCase()
  if (name === 'INPUT' && type === 'password') seen.closed.push(box)
  if (name === 'INPUT' || name === 'TEXTAREA')
    say(layout.fieldValue(node) || layout.attribute(node, 'value') || layout.attribute(node, 'placeholder'))
  say(listed)
  if (name === 'IMG' || type === 'image') say(layout.attribute(node, 'alt'))
  const isOwn = pictures.has(name) || (name === 'INPUT' && type === 'image')
  const isDrawn = (['content', 'border-image-source', 'mask-image'] as const).some(each => isPicture.test(layout.style(node, each)))
  if (isOwn || isDrawn || (name === '::MARKER' && isPicture.test(layout.style(node, 'list-style-image')))) seen.pictures.push(box)
  if (isPicture.test(layout.style(node, 'background-image')))
    seen.backgrounds.push({ frameId: layout.frameId, backendId: layout.backendId(node), box: isRoot(name) ? everything : box })
}

/** Such a background fills the window, however large its element is. */
const isRoot = (name: string): boolean => name === 'HTML' || name === 'BODY'
export const everything: Box = { x: -1e6, y: -1e6, width: 2e6, height: 2e6 }

/** The texts that a drop-down list shows, or may show. */
function listTexts(layout: Layout): ReadonlyMap<number, string> {
  const texts = new Map<number, string>()
  const own = (node: number, around: number) => (layout.name(node) === 'SELECT' ? node : around)
  for (let node = 0; node < layout.size; node++) {
    const said = layout.value(node) || (/^OPT/.test(layout.name(node)) ? layout.attribute(node, 'label') : '')
    const list = said ? layout.along(node, 'select', { none: -1, own }) : -1
    if (list >= 0) texts.set(list, `${texts.get(list) ?? ''}${said}\n`)
  }
  return texts
}

/** A frame whose document is elsewhere, or that is turned or scaled, is closed: nobody can say where in it something stands. */
function lookInto(look: Look, node: number): void {
  const { layout, layouts, seen } = look
  const box = move(look)(layout.box(node))
  const inner = layouts[layout.content(node) ?? -1]
  const px = (name: 'border' | 'padding', side: 'left' | 'top' | 'right' | 'bottom') =>
    Number.parseFloat(layout.style(node, name === 'border' ? `border-${side}-width` : `padding-${side}`)) || 0
  const edge = (side: 'left' | 'top' | 'right' | 'bottom') => px('border', side) + px('padding', side)
  const window = inner?.box(0)
  const isStraight =
    window !== undefined &&
    Math.abs(box.width - edge('left') - edge('right') - window.width) <= 1 &&
    Math.abs(box.height - edge('top') - edge('bottom') - window.height) <= 1 &&
    !layout.along(node, 'turned', { none: false, own: (each, around) => around || isTurned(layout, each) })
  if (inner === undefined || !isStraight) seen.closed.push(box)
  else lookAt({ layout: inner, layouts, seen, origin: { x: box.x + edge('left'), y: box.y + edge('top') } })
}

const isTurned = (layout: Layout, node: number): boolean =>
  (['transform', 'rotate', 'scale', 'offset-path'] as const).some(name => !/^(|none)$/.test(layout.style(node, name)))

/** How far shadows and filters paint a text beside its box. */
function inkBeyond(layout: Layout, node: number): number {
  const filters = layout.along(node, 'filters', {
    none: 0,
    own: (each, around) => around + beyond(layout.style(each, 'filter')) + beyond(layout.style(each, '-webkit-box-reflect'))
  })
  return filters + beyond(layout.style(node, 'text-shadow'))
}

/** More than any window. */
const far = 1e6

function beyond(style: string): number {
  if (style === '' || style === 'none') return 0
  if (/url\(|above|below|left|right/.test(style)) return far
  return [...style.matchAll(/(-?[\d.]{1,32})px/g)].reduce((sum, [, px]) => sum + Math.abs(Number(px)), 0)
}

function isFaint(layout: Layout, node: number, { width, height }: Box): boolean {
  const opacity = layout.along(node, 'opacity', { none: 1, own: (each, around) => around * Number(layout.style(each, 'opacity') || 1) })
  return width < 1 || height < 3 || opacity < 0.1 || /, 0(\.0\d*)?\)$/.test(layout.style(node, 'color').replace(/^rgb\(.*/, ''))
}
