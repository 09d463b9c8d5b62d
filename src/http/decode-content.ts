/** Content-Encoding, as browsers undo it: with what stands behind the end of a stream, without its check sum, raw or wrapped. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions, zstdDecompress } from 'node:zlib'

export interface DecodedContent {
  readonly body: Buffer
  /** Why it can not be decoded. */
  readonly broken: string | undefined
  /** It had an end and a check sum, and both were right. */
  readonly isProven: boolean
}

type Decode = (body: Buffer, options: ZlibOptions) => Promise<Buffer>

const unzip: Decode = promisify(gunzip)
const wrapped: Decode = promisify(inflate)
const raw: Decode = promisify(inflateRaw)
const brotli: Decode = (body, { maxOutputLength }) => unbrotli(body, { maxOutputLength })
const zstd: Decode = (body, { maxOutputLength }) => unzstd(body, { maxOutputLength })
const [unbrotli, unzstd] = [promisify(brotliDecompress), promisify(zstdDecompress)]

interface Coding {
  readonly decode: Decode
  /** Without what proves that it is whole. */
  readonly carelessly?: Decode | undefined
  readonly proves: boolean
}

const zipped: Coding = {
  decode: unzip,
  carelessly: async (body, options) => raw(body.subarray(gzipHeadBytes(body)), options),
  proves: true
}

const codings: Readonly<Record<string, Coding>> = {
  gzip: zipped,
  'x-gzip': zipped,
  deflate: {
    decode: (body, options) => (isZlib(body) ? wrapped(body, options) : raw(body, options)),
    carelessly: (body, options) => raw(body.subarray(isZlib(body) ? 2 : 0), options),
    proves: false
  },
  br: { decode: brotli, proves: false },
  zstd: { decode: zstd, proves: false }
}

export const largerThan = (bytes: number): string => `it is larger than ${bytes} bytes`

/** More wrap nothing but a bomb. */
const mostCodings = 4

/** A body that no decoder is known for counts as it is: old targets name their character set there, or `none`. */
export async function decodeContent(body: Buffer, encoding: string | undefined, mostBytes: number): Promise<DecodedContent> {
  const names = (encoding ?? '').toLowerCase().split(',', mostCodings).reverse()
  let decoded: DecodedContent = { body, broken: undefined, isProven: false }
  for (const name of names) {
    const coding = Object.hasOwn(codings, name.trim()) ? codings[name.trim()] : undefined
    if (coding === undefined || decoded.body.length === 0) continue
    decoded = await undo(coding, name.trim(), { body: decoded.body, mostBytes })
    if (decoded.broken !== undefined) return decoded
  }
  return decoded
}

async function undo(
  { decode, carelessly, proves }: Coding,
  name: string,
  { body, mostBytes }: { readonly body: Buffer; readonly mostBytes: number }
): Promise<DecodedContent> {
  const options = { maxOutputLength: mostBytes }
  const isTooLarge = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
  try {
    return { body: await decode(body, options), broken: undefined, isProven: proves }
  } catch (error) {
    if (isTooLarge(error)) return { body: Buffer.alloc(0), broken: largerThan(mostBytes), isProven: false }
  }
  try {
    if (carelessly !== undefined) return { body: await carelessly(body, options), broken: undefined, isProven: false }
  } catch {
    // The text below tells it.
  }
  return { body: Buffer.alloc(0), broken: `its ${name} encoding is broken`, isProven: false }
}

/** RFC 1950: the method, and a check of the first two bytes. */
const isZlib = (body: Buffer): boolean => body.length > 1 && ((body[0] ?? 0) & 15) === 8 && body.readUInt16BE(0) % 31 === 0

/** RFC 1952, section 2.3. Throws where there is none. */
function gzipHeadBytes(body: Buffer): number {
  if (body.length < 10 || body.readUInt16BE(0) !== 0x1f8b) throw new Error('no gzip')
  const flags = body[3] ?? 0
  let at = 10
  if (flags & 4) at += 2 + body.readUInt16LE(at)
  for (const flag of [8, 16]) if (flags & flag) at = body.indexOf(0, at) + 1
  return flags & 2 ? at + 2 : at
}
