/**
 * What the loader made of a manifest, kept beside it as `bot.compiled.json`: its values without the text around them, and where its
 * warnings stand. It counts for exactly the text that it was made of, and for the version that made it; anything else is ignored.
 */
import { createHash, randomUUID } from 'node:crypto'
import { lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { JsonObject } from '../core/types.ts'
import { type Place, pointerOf } from './issue.ts'

export interface Compiled {
  /** The manifest as data. Its schemas and its steps were compiled without a mistake. */
  readonly value: JsonObject
  /** By `placeKey`: line and column. */
  readonly places: Readonly<Record<string, readonly [number, number]>>
}

export const compiledName = 'bot.compiled.json'
/** Raise it when the loader or an adapter refuses what it took before. */
const checksVersion = 1
const sizeLimit = 64 * 1024 * 1024

export const placeKey = ({ path, on }: Place): string => `${on} ${pointerOf(path)}`

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** One line that says what the next one is worth. */
const headOf = (source: string, body: string): string =>
  JSON.stringify({ retrofit: checksVersion, node: process.versions.node, source: sha256(source), content: sha256(body) })

/** Undefined: there is none, or it is of another text, of another version, or not whole. `file`: that of the manifest. */
export async function readCompiled(file: string, source: string): Promise<Compiled | undefined> {
  const text = await readBounded(join(dirname(file), compiledName))
  const end = text?.indexOf('\n') ?? -1
  if (text === undefined || end < 0) return undefined
  const body = text.slice(end + 1)
  return text.slice(0, end) === headOf(source, body) ? (JSON.parse(body) as Compiled) : undefined
}

export const hasCompiled = async (file: string): Promise<boolean> => {
  const stats = await lstat(join(dirname(file), compiledName)).catch(() => undefined)
  return stats !== undefined
}

async function readBounded(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, 'r')
    try {
      const stats = await handle.stat()
      return stats.isFile() && stats.size <= sizeLimit ? await handle.readFile('utf8') : undefined
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

/** Comes whole: whoever reads meanwhile sees the old one. Rejects where the folder can not be written to. */
export async function writeCompiled(file: string, source: string, compiled: Compiled): Promise<void> {
  const body = JSON.stringify(compiled)
  const part = join(dirname(file), `.${compiledName}.${randomUUID()}`)
  await mkdir(dirname(file), { recursive: true })
  try {
    await writeFile(part, `${headOf(source, body)}\n${body}`)
    await rename(part, join(dirname(file), compiledName))
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
