/** The bots that are served now, and every version that a run may still need. */
import { RetrofitError } from '../core/errors.ts'
import type { Records } from '../core/ports.ts'
import type { Bot } from '../core/types.ts'
import type { Catalog, CatalogEntry, KnownBot, ManifestIssue } from './engine.ts'
import { mostOf, overQuota, type Quotas } from './quotas.ts'
import { type ShelfParts, shelve } from './shelf.ts'

export type Parsed =
  | { readonly bot: Bot; readonly issues: readonly ManifestIssue[] }
  | { readonly bot?: undefined; readonly issues: readonly ManifestIssue[] }

export interface CatalogParts {
  readonly records: Records
  readonly quotas?: Quotas | undefined
  readonly neededVersions?: ShelfParts['neededVersions']
  /** The manifest loader; `file` is what its messages name, `name` what the bot must be called. */
  parse(source: string, options: { readonly file: string; readonly name?: string }): Parsed
}

/** A catalog whose owner feeds it: files from the bots folder, and registered bots from the ledger. */
export interface FedCatalog extends Catalog {
  /** A good version of a file's bot; it replaces the one before. */
  setFile(bot: Bot): Promise<void>
  removeFile(name: string): void
  /** Reads what was registered or removed since, here or by another process. */
  refresh(): Promise<void>
}

interface State {
  readonly files: Map<string, Bot>
  registered: ReadonlyMap<string, Bot>
  readonly versions: Map<string, Bot>
  /** Name → adapter. */
  known: ReadonlyMap<string, string>
  readonly listeners: Set<() => void>
  actions: ReadonlyMap<string, { readonly bot: Bot; readonly action: Bot['actions'][number] }>
  stamp: number
  recordStamp: number
  knownStamp: number
}

const versionId = (name: string, digest: string): string => `${name}@${digest}`

export function createCatalog(parts: CatalogParts): FedCatalog {
  const state: State = {
    files: new Map(),
    registered: new Map(),
    versions: new Map(),
    known: new Map(),
    listeners: new Set(),
    actions: new Map(),
    stamp: 0,
    recordStamp: -1,
    knownStamp: -1
  }
  const entry = (name: string): CatalogEntry | undefined => entries(state).find(({ bot }) => bot.name === name)
  return {
    entries: () => entries(state),
    entry,
    known: () => known(state),
    action: name => state.actions.get(name),
    version: (name, digest) => version(parts, state, versionId(name, digest)),
    get stamp() {
      return state.stamp
    },
    onChange: listener => {
      state.listeners.add(listener)
      return () => state.listeners.delete(listener)
    },
    register: (name, source) => register(parts, state, { name, source }),
    unregister: name => unregister(parts, state, name),
    check: async source => parts.parse(source, { file: 'bot.yaml' }),
    setFile: async bot => {
      if (state.files.get(bot.name)?.digest === bot.digest) return
      await keepVersion(parts, state, bot)
      state.files.set(bot.name, bot)
      changed(state)
    },
    removeFile: name => {
      if (state.files.delete(name)) changed(state)
    },
    refresh: () => refresh(parts, state)
  }
}

/** A file wins over a registered bot of the same name. */
function entries({ files, registered }: State): readonly CatalogEntry[] {
  const all: CatalogEntry[] = [...files.values()].map(bot => ({ bot, origin: 'file' }))
  for (const bot of registered.values()) if (!files.has(bot.name)) all.push({ bot, origin: 'registered' })
  return all.sort((a, b) => (a.bot.name < b.bot.name ? -1 : 1))
}

function known(state: State): readonly KnownBot[] {
  const all = new Map([...state.known, ...entries(state).map(({ bot }) => [bot.name, bot.adapter] as const)])
  return [...all].map(([name, adapter]) => ({ name, adapter }))
}

function changed(state: State): void {
  state.actions = new Map(entries(state).flatMap(({ bot }) => bot.actions.map(action => [action.name, { bot, action }] as const)))
  state.stamp++
  for (const listener of state.listeners) listener()
}

/** The others are read again when a run needs one. */
const mostVersions = 1_000

function remember({ versions }: State, id: string, bot: Bot): void {
  versions.delete(id)
  versions.set(id, bot)
  if (versions.size > mostVersions) versions.delete(versions.keys().next().value ?? '')
}

/** Durable before it is served: a run that starts on it must find it after a restart, in any process. */
async function keepVersion({ records }: CatalogParts, state: State, bot: Bot): Promise<void> {
  const id = versionId(bot.name, bot.digest)
  if ((await records.get('bot-version', id)) === undefined) await records.put('bot-version', id, { source: bot.source })
  remember(state, id, bot)
  if (state.known.get(bot.name) === bot.adapter) return
  await records.put('bot-name', bot.name, { adapter: bot.adapter })
  state.known = new Map(state.known).set(bot.name, bot.adapter)
}

async function version({ records, parse }: CatalogParts, state: State, id: string): Promise<Bot | undefined> {
  const known = state.versions.get(id)
  if (known !== undefined) return known
  const record = (await records.get('bot-version', id)) as { readonly source: string } | undefined
  const bot = record === undefined ? undefined : parse(record.source, { file: id }).bot
  if (bot !== undefined) remember(state, id, bot)
  return bot
}

async function register(
  parts: CatalogParts,
  state: State,
  { name, source }: { name: string; source: string }
): Promise<{ bot: Bot; created: boolean }> {
  const { bot, issues } = parts.parse(source, { file: 'bot.yaml', name })
  if (bot === undefined) throw invalid(issues.filter(({ severity }) => severity === 'error'))
  if (state.files.has(name)) throw new RetrofitError('bot_from_file', { detail: `${name} comes from the bots folder.` })
  await refresh(parts, state)
  const created = !state.registered.has(name)
  if (created && state.registered.size >= mostOf(parts, 'bots')) throw overQuota(parts, 'bots', state.registered.size)
  const gone = await shelve(parts, name, versionId(name, bot.digest))
  for (const id of gone) state.versions.delete(id)
  await keepVersion(parts, state, bot)
  await parts.records.put('bot', name, { source, digest: bot.digest })
  await refresh(parts, state)
  return { bot, created }
}

const invalid = (issues: readonly ManifestIssue[]): RetrofitError =>
  new RetrofitError('invalid_manifest', {
    detail: `The manifest has ${issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`}.`,
    errors: issues.map(({ line, column, pointer, message }) => ({ pointer, message: `line ${line}, column ${column}: ${message}` }))
  })

async function unregister(parts: CatalogParts, state: State, name: string): Promise<void> {
  if (state.files.has(name)) throw new RetrofitError('bot_from_file', { detail: `${name} comes from the bots folder.` })
  if (!(await parts.records.delete('bot', name))) throw new RetrofitError('bot_not_found', { detail: `There is no bot ${name}.` })
  await refresh(parts, state)
}

async function refresh(parts: CatalogParts, state: State): Promise<void> {
  await refreshKnown(parts, state)
  const stamp = await parts.records.stamp('bot')
  if (stamp === state.recordStamp) return
  const next = new Map<string, Bot>()
  for (const { id, value } of await parts.records.list('bot')) {
    const { source, digest } = value as { readonly source: string; readonly digest: string }
    const before = state.registered.get(id)
    // A version that this process can not read (an older one than the writer's) does not replace a good one.
    const bot = before?.digest === digest ? before : (parts.parse(source, { file: `${id} (registered)` }).bot ?? before)
    if (bot === undefined) continue
    remember(state, versionId(bot.name, bot.digest), bot)
    next.set(id, bot)
  }
  state.registered = next
  state.recordStamp = stamp
  changed(state)
}

async function refreshKnown({ records }: CatalogParts, state: State): Promise<void> {
  const stamp = await records.stamp('bot-name')
  if (stamp === state.knownStamp) return
  const found = (await records.list('bot-name')).map(({ id, value }) => [id, (value as unknown as KnownBot).adapter] as const)
  state.known = new Map([...state.known, ...found])
  state.knownStamp = stamp
  for (const listener of state.listeners) listener()
}
