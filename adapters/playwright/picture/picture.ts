/** A picture of a page on which nobody can read what must not be seen; where that is not certain, there is none. */
import type { CDPSession, Locator, Page } from 'playwright-core'
import type { StageCall } from '../plan.ts'
import { blank, type Undo } from './blanks.ts'
import { layoutsOf } from './layout.ts'
import { type Hidden, hiddenOf, type Masks, masksOf } from './masks.ts'
import { type Box, decodePng, encodePng, paint } from './png.ts'
import { seenOn } from './seen.ts'

/** A page that moves is looked at again so often. */
const tries = 4
const mostPixels = 8_192

/** In PNG. Boxes that show a credential, a marked value or a password are painted over. Throws when the page does not stand still. */
export async function picture(
  page: Page,
  { credentials, sensitive }: Pick<StageCall, 'credentials' | 'sensitive'>,
  element?: Locator
): Promise<Buffer> {
  const hidden = hiddenOf(Object.values(credentials), sensitive)
  const restoreSize = await makeRoom(page, element)
  const session = await page.context().newCDPSession(page)
  try {
    await hold(session)
    for (let turn = 0; turn < tries; turn++) {
      const taken = await take(session, hidden, await element?.boundingBox())
      if (taken !== undefined) return taken
    }
    throw new Error('the page does not stand still')
  } finally {
    await release(session)
    await restoreSize()
  }
}

/** Animations stop where they are. */
async function hold(session: CDPSession): Promise<void> {
  await session.send('Animation.enable')
  await session.send('Animation.setPlaybackRate', { playbackRate: 0 })
}

async function release(session: CDPSession): Promise<void> {
  await session.send('Animation.setPlaybackRate', { playbackRate: 1 }).catch(() => undefined)
  await session.detach().catch(() => undefined)
}

/** Undefined when what must be hidden was elsewhere afterwards: it may have moved before the picture was taken, or after it. */
async function take(session: CDPSession, hidden: Hidden, of: Box | null | undefined): Promise<Buffer | undefined> {
  if (of === null) throw new Error('the element is not visible')
  let undo: Undo | undefined
  try {
    const first = await look(session, hidden)
    if (first.backgrounds.length > 0) undo = await blank(session, first.backgrounds)
    const before = boxesOf(undo === undefined ? first : await look(session, hidden))
    const part = await partOf(session, of)
    const { data } = await session.send('Page.captureScreenshot', { format: 'png', clip: part.clip })
    const after = boxesOf(await look(session, hidden))
    return JSON.stringify(before) === JSON.stringify(after) ? await painted(data, part, before) : undefined
  } finally {
    await undo?.()
  }
}

const look = async (session: CDPSession, hidden: Hidden): Promise<Masks> => masksOf(seenOn(await layoutsOf(session)), hidden)

/** A background that did not go away is covered. */
const boxesOf = ({ boxes, backgrounds }: Masks): readonly Box[] => [...boxes, ...backgrounds.map(({ box }) => box)]

interface Part {
  /** From the top left of the document. */
  readonly clip: Box & { readonly scale: number }
  /** From the top left of what is visible of it. */
  readonly x: number
  readonly y: number
}

/** The window, or what is in it of an element. */
async function partOf(session: CDPSession, of: Box | undefined): Promise<Part> {
  const { cssVisualViewport: window } = await session.send('Page.getLayoutMetrics')
  const box = of ?? { x: 0, y: 0, width: window.clientWidth, height: window.clientHeight }
  const [x, y] = [Math.max(0, Math.floor(box.x)), Math.max(0, Math.floor(box.y))]
  const width = Math.min(Math.ceil(box.x + box.width), window.clientWidth) - x
  const height = Math.min(Math.ceil(box.y + box.height), window.clientHeight) - y
  if (width < 1 || height < 1) throw new Error('the element is not visible')
  return { x, y, clip: { x: x + window.pageX, y: y + window.pageY, width, height, scale: 1 } }
}

async function painted(data: string, { x, y, clip }: Part, boxes: readonly Box[]): Promise<Buffer> {
  const png = Buffer.from(data, 'base64')
  if (boxes.length === 0) return png
  const bitmap = await decodePng(png)
  const scale = bitmap.width / clip.width
  paint(
    bitmap,
    boxes.map(box => ({ x: (box.x - x) * scale, y: (box.y - y) * scale, width: box.width * scale, height: box.height * scale }))
  )
  return encodePng(bitmap)
}

/** An element that is larger than the window gets a larger window for a moment. Returns what gives the window its size back. */
async function makeRoom(page: Page, element: Locator | undefined): Promise<() => Promise<void>> {
  const nothing = () => Promise.resolve()
  await element?.scrollIntoViewIfNeeded({ timeout: 3_000 })
  const box = await element?.boundingBox()
  const size = page.viewportSize()
  if (!box || size === null || (box.width <= size.width && box.height <= size.height)) return nothing
  const enough = (has: number, needs: number) => Math.min(Math.max(has, Math.ceil(needs) + 1), mostPixels)
  await page.setViewportSize({ width: enough(size.width, box.width), height: enough(size.height, box.height) })
  await element?.scrollIntoViewIfNeeded({ timeout: 3_000 }).catch(() => undefined)
  return () => page.setViewportSize(size).catch(() => undefined)
}
