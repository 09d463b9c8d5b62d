/** Paints boxes over a picture as the browser takes it: PNG of 8 bits, with or without alpha, not interlaced. */
import { promisify } from 'node:util'
import { crc32, deflate, inflate } from 'node:zlib'

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Bitmap {
  readonly width: number
  readonly height: number
  /** Bytes of one pixel: 3 or 4. */
  readonly depth: number
  /** Row by row. */
  readonly pixels: Buffer
}

const signature = Buffer.from('89504e470d0a1a0a', 'hex')
/** Everybody sees that something was hidden here. */
export const maskColour: readonly number[] = [255, 0, 255, 255]

export async function decodePng(png: Buffer): Promise<Bitmap> {
  const data: Buffer[] = []
  let head: Buffer = Buffer.alloc(0)
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const body = png.subarray(at + 8, at + 8 + length)
    const type = png.toString('latin1', at + 4, at + 8)
    if (type === 'IHDR') head = body
    if (type === 'IDAT') data.push(body)
    at += length + 12
  }
  const [bits, colour, , , interlace] = head.subarray(8)
  if (!png.subarray(0, 8).equals(signature) || bits !== 8 || (colour !== 2 && colour !== 6) || interlace !== 0)
    throw new Error('the browser gave a picture of another kind')
  const [width, height, depth] = [head.readUInt32BE(0), head.readUInt32BE(4), colour === 6 ? 4 : 3]
  const raw = await promisify(inflate)(Buffer.concat(data), { maxOutputLength: height * (width * depth + 1) })
  return { width, height, depth, pixels: unfiltered(raw, { width, height, depth }) }
}

function unfiltered(raw: Buffer, { width, height, depth }: Omit<Bitmap, 'pixels'>): Buffer {
  const row = width * depth
  const pixels = Buffer.alloc(row * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)] ?? 0
    const from = y * (row + 1) + 1
    const to = y * row
    raw.copy(pixels, to, from, from + row)
    if (filter > 0) unfilter(pixels, { filter, to, row, depth })
  }
  return pixels
}

/** Undoes what a row was written as: the difference to its neighbours. */
function unfilter(pixels: Buffer, { filter, to, row, depth }: { filter: number; to: number; row: number; depth: number }): void {
  for (let x = 0; x < row; x++) {
    const left = x < depth ? 0 : (pixels[to + x - depth] ?? 0)
    const above = to === 0 ? 0 : (pixels[to + x - row] ?? 0)
    const corner = x < depth || to === 0 ? 0 : (pixels[to + x - row - depth] ?? 0)
    const guess = filter === 1 ? left : filter === 2 ? above : filter === 3 ? (left + above) >> 1 : nearest(left, above, corner)
    pixels[to + x] = ((pixels[to + x] ?? 0) + guess) & 255
  }
}

function nearest(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const [toLeft, toAbove, toCorner] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)]
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}

/** Boxes in pixels; what is outside of the picture is left out, and half a pixel is painted whole. */
export function paint({ width, height, depth, pixels }: Bitmap, boxes: readonly Box[]): void {
  for (const box of boxes) {
    const [left, right] = [Math.max(0, Math.floor(box.x)), Math.min(width, Math.ceil(box.x + box.width))]
    const [top, bottom] = [Math.max(0, Math.floor(box.y)), Math.min(height, Math.ceil(box.y + box.height))]
    if (right <= left) continue
    const line = Buffer.alloc((right - left) * depth, Buffer.from(maskColour.slice(0, depth)))
    for (let y = top; y < bottom; y++) line.copy(pixels, (y * width + left) * depth)
  }
}

export async function encodePng({ width, height, depth, pixels }: Bitmap): Promise<Buffer> {
  const row = width * depth
  const raw = Buffer.alloc((row + 1) * height)
  for (let y = 0; y < height; y++) {
    // As the difference to the row above.
    raw[y * (row + 1)] = 2
    for (let x = 0; x < row; x++) {
      const above = y === 0 ? 0 : (pixels[(y - 1) * row + x] ?? 0)
      raw[y * (row + 1) + 1 + x] = (pixels[y * row + x] ?? 0) - above
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, depth === 4 ? 6 : 2], 8)
  const data = await promisify(deflate)(raw, { level: 4 })
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const frame = Buffer.alloc(body.length + 12)
  frame.writeUInt32BE(body.length, 0)
  named.copy(frame, 4)
  frame.writeUInt32BE(crc32(named), body.length + 8)
  return frame
}
