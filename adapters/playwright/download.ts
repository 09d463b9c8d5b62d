/** A file that comes. Playwright tells of it when all of it is there, so it is watched while it grows: what has no end would fill the disk. */
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Browser, Download } from 'playwright-core'
import { largestArtifactMiB as largestMiB } from '../../src/index.ts'
import { userOf } from './confinement.ts'

const lookMs = 100

/** The content; the file itself is gone then. */
export async function received(file: Download): Promise<Buffer> {
  const page = file.page()
  const cancel = () => file.cancel().catch(() => undefined)
  let isLarge = false
  const look = async (path: string) => {
    if ((await sizeOf(path)) <= largestMiB * 1024 * 1024) return
    isLarge = true
    await cancel()
  }
  const growing = growingPath(file)
  const timer = setInterval(() => growing !== undefined && void look(growing), lookMs).unref()
  // It would go on without the page.
  page.once('close', cancel)
  if (page.isClosed()) void cancel()
  try {
    const path = await file.path()
    await look(path)
    if (isLarge) throw new Error('cancelled')
    return await contentOf(path, userOf.get(page.context().browser() as Browser))
  } catch (error) {
    throw isLarge ? new Error(`the file has more than ${largestMiB} MiB`) : error
  } finally {
    clearInterval(timer)
    page.off('close', cancel)
    await file.delete().catch(() => undefined)
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0
  )

/** A browser under another user's name may have put a link, or something that has no end, in its place: only its own file is read. */
export async function contentOf(path: string, owner: number | undefined): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const found = await file.stat()
    if (!found.isFile() || (owner !== undefined && found.uid !== owner))
      throw new Error('what lies in place of the file is not of the browser')
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** Where Chromium writes it. Playwright knows its final name from the begin, and has no word for it that is public. */
function growingPath(file: Download): string | undefined {
  const { _artifact } = file as unknown as { readonly _artifact?: { readonly _initializer?: { readonly absolutePath?: unknown } } }
  const path = _artifact?._initializer?.absolutePath
  return typeof path === 'string' ? `${path}.crdownload` : undefined
}

/** Nobody asked for it. */
export async function refuse(file: Download): Promise<void> {
  await file.cancel().catch(() => undefined)
  await file.delete().catch(() => undefined)
}
