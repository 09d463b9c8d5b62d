/** `<dir>/<bot>/bot.yaml`: read once, and watched. */
import type { Dirent } from 'node:fs'
import { open, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import type { ManifestIssue } from '../core/manifest-issue.ts'
import type { Bot } from '../core/types.ts'
import { type Compiled, hasCompiled, readCompiled, writeCompiled } from './compiled.ts'
import { tooLarge, trustedSizeLimit } from './document.ts'
import { type LoadOptions, loadManifest } from './load.ts'

export interface BotFolder {
  /** The folder's name, which is the bot's. */
  readonly name: string
  readonly file: string
  /** Absent: the issues say why. */
  readonly bot?: Bot | undefined
  /** Warnings when there is a bot. */
  readonly issues: readonly ManifestIssue[]
}

/** `removed`: the manifest is gone, and nothing stands in its place. */
export interface BotFolderChange extends BotFolder {
  readonly removed: boolean
}

interface Loading {
  readonly directory: string
  readonly adapters: LoadOptions['adapters']
  readonly env: LoadOptions['env']
  /** Everything is looked at again, whatever was compiled before. */
  readonly afresh?: boolean | undefined
}

interface Watching extends Loading {
  /** First for every folder, then for each whose manifest appears, changes or goes. One call at a time. A later call that rejects is made again. */
  readonly onChange: (change: BotFolderChange) => void | Promise<void>
}

const manifestName = 'bot.yaml'
const misnamed = ['bot.yml', 'manifest.yaml', 'manifest.yml', 'bot.json']
/** A file counts as written when its size has not changed for this long. */
const stableMs = 150
const debounceMs = 100
const againMs = 1_000

/** Every bot of the folder, by name; none when there is no such folder. */
export async function readBots(loading: Loading): Promise<readonly BotFolder[]> {
  const entries = await entriesOf(loading.directory)
  const names = entries.filter(entry => entry.isDirectory() || entry.isSymbolicLink()).map(entry => entry.name)
  const read: (BotFolder | undefined)[] = []
  // One after the other: what reading a large one takes is free again before the next.
  for (const name of names.filter(isBotName)) read.push(await readBot(loading, name))
  return read.filter(folder => folder !== undefined).sort((a, b) => a.name.localeCompare(b.name))
}

/** Resolves when every folder was reported once; goes on until it is closed. Reads files when they are whole. */
export async function watchBots(watching: Watching): Promise<{ close(): Promise<void> }> {
  // Listening before reading: no change falls between the two.
  const watcher = await listen(resolve(watching.directory), name => changes.note(name))
  const changes = inTurn(watching)
  for (const folder of await readBots(watching)) await watching.onChange({ ...folder, removed: false })
  changes.start()
  return {
    close: async () => {
      changes.stop()
      await watcher.close()
    }
  }
}

async function listen(root: string, note: (name: string) => void): Promise<FSWatcher> {
  const watcher = watch(root, {
    ignoreInitial: true,
    depth: 1,
    // What else is in a bot's folder (recordings, its sandbox) is not the manifest.
    ignored: (path, stats) => stats?.isFile() === true && !path.endsWith(sep + manifestName),
    awaitWriteFinish: { stabilityThreshold: stableMs, pollInterval: 50 }
  })
  watcher.on('all', (_, path) => {
    const name = basename(basename(path) === manifestName ? dirname(path) : path)
    const concerns = path === join(root, name) || path === join(root, name, manifestName)
    if (concerns && isBotName(name)) note(name)
  })
  await new Promise<void>(done => void watcher.once('ready', done))
  return watcher
}

/** Collects names for a moment, then reads and reports them one after the other: a slow old read never overtakes a new one. */
function inTurn(watching: Watching) {
  const noted = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let state: 'waiting' | 'idle' | 'busy' | 'stopped' = 'waiting'
  const schedule = (afterMs: number): void => {
    clearTimeout(timer)
    if (state === 'idle' && noted.size > 0) timer = setTimeout(() => void turn(), afterMs)
  }
  const turn = async (): Promise<void> => {
    const names = [...noted]
    noted.clear()
    state = 'busy'
    for (const name of names) await report(watching, name).catch(() => noted.add(name))
    if (state === 'busy') state = 'idle'
    schedule(noted.size > 0 ? againMs : debounceMs)
  }
  const become = (next: 'idle' | 'stopped') => () => {
    state = next
    schedule(debounceMs)
  }
  const note = (name: string): void => {
    noted.add(name)
    schedule(debounceMs)
  }
  return { note, start: become('idle'), stop: become('stopped') }
}

async function report(watching: Watching, name: string): Promise<void> {
  const folder = await readBot(watching, name)
  const gone = { name, file: join(watching.directory, name, manifestName), issues: [] }
  await watching.onChange({ ...(folder ?? gone), removed: folder === undefined })
}

const isBotName = (name: string): boolean => !name.startsWith('.')

async function entriesOf(dir: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(dir, { withFileTypes: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Undefined for a folder without a manifest. */
async function readBot({ directory, adapters, env, afresh = false }: Loading, name: string): Promise<BotFolder | undefined> {
  const file = join(directory, name, manifestName)
  try {
    const source = await readSource(directory, file)
    const compiled = afresh ? undefined : await readCompiled(file, source)
    const { bot, issues, compiled: made } = await loadManifest(source, { file, name, adapters, env, trusted: true, compiled })
    if (compiled === undefined && made !== undefined) await keep(file, source, made)
    return { name, file, bot, issues }
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
    const message = missing ? await misnamedIn(join(directory, name)) : (error as Error).message
    if (message === undefined) return undefined
    return { name, file, issues: [{ severity: 'error', file, line: 1, column: 1, pointer: '', message }] }
  }
}

/** Smaller ones are read quickly enough. */
const worthKeeping = 256 * 1024

/** The next start is quicker; where nothing can be written here, it is not. */
async function keep(file: string, source: string, compiled: Compiled): Promise<void> {
  if (source.length >= worthKeeping || (await hasCompiled(file))) await writeCompiled(file, source, compiled).catch(() => undefined)
}

async function misnamedIn(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => [])
  const wrong = misnamed.find(name => names.includes(name))
  return wrong === undefined ? undefined : `the manifest is called ${manifestName}: rename ${wrong}`
}

/** Links may lead about inside the bots folder (as Kubernetes mounts do), never out of it. */
async function readSource(dir: string, file: string): Promise<string> {
  const [root, real] = await Promise.all([realpath(dir), realpath(file)])
  if (!real.startsWith(root + sep)) throw new Error('a link leads out of the bots folder: put the file itself here')
  const handle = await open(real, 'r').catch(error => {
    throw new Error(`can not be read (${codeOf(error)}): let the service's user read it`)
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error('is not a file: write the manifest here')
    if (stats.size > trustedSizeLimit) throw new Error(tooLarge(trustedSizeLimit))
    return decode(await handle.readFile())
  } finally {
    await handle.close()
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('is not UTF-8: save it as UTF-8')
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code
