/** The bots that are served now, and every version that a run may still need. */
import { botKey, keyOfRun, partsOfKey } from '../core/bot-key.ts'
import { RetrofitError } from '../core/errors.ts'
import type { Records } from '../core/ports.ts'
import type { Action, Bot, Caller } from '../core/types.ts'
import { versionId } from '../core/version.ts'
import { isOperator, operatorTenant } from '../governance/tenant.ts'
import { type BotChanges, botChanges, breakingChange, nextFile, versionOf, type Written } from './bot-changes.ts'
import { type BrokenBots, createBrokenBots } from './broken-bots.ts'
import type { BotOfRun, Catalog, CatalogEntry, KnownBot, ManifestIssue } from './engine.ts'
import { mostOf, overQuota, type Quotas } from './quotas.ts'
import { allowScopes, invalidManifest } from './refuse-registration.ts'
import { type ShelfParts, shelve } from './shelf.ts'

export type Parsed =
  | { readonly bot: Bot; readonly issues: readonly ManifestIssue[] }
  | { readonly bot?: undefined; readonly issues: readonly ManifestIssue[] }

/** `file` is what messages name, `name` what the bot must be called; without a tenant the manifest is the operator's own. */
export interface ParseOptions {
  readonly file: string
  readonly name?: string | undefined
  readonly tenant: string | undefined
}

export interface CatalogParts {
  readonly records: Records
  readonly quotas?: Quotas | undefined
  readonly neededVersions?: ShelfParts['neededVersions']
  /** The manifest loader. */
  parse(source: string, options: ParseOptions): Promise<Parsed> | Parsed
  /** Why a bot that a tenant registers may not have what it asks for, beside mistakes of the manifest itself. */
  refuse?: ((bot: Bot) => Promise<ManifestIssue | undefined>) | undefined
}

/** A catalog whose owner feeds it: files from the bots folder, and registered bots from the ledger. */
export interface FedCatalog extends Catalog {
  /** A good version of a file's bot; it replaces the one before. Resolves to that one, also of a process that has ended. */
  setFile(bot: Bot): Promise<Written | undefined>
  removeFile(name: string): void
  /** Reads what was registered or removed since, here or by another process. */
  refresh(): Promise<void>
}

type Found = { readonly bot: Bot; readonly action: Action }

/** The catalog as one tenant sees it: the operator's bots and its own. */
interface View {
  readonly entries: readonly CatalogEntry[]
  readonly actions: ReadonlyMap<string, Found>
}

interface State {
  readonly files: Map<string, Bot>
  readonly broken: BrokenBots
  /** By key. */
  registered: ReadonlyMap<string, Bot>
  readonly versions: Map<string, Bot>
  /** Key → adapter. */
  known: ReadonlyMap<string, string>
  readonly listeners: Set<(tenant?: string) => void>
  /** Made when somebody asks, by tenant; `undefined` is the operator's bots alone. */
  readonly views: Map<string | undefined, View>
  stamp: number
  recordStamp: number
  knownStamp: number
  /** Looks at the ledger follow each other: a slow old one never overwrites a new one. */
  refreshing: Promise<void>
}

const keyOf = ({ name, tenant }: Bot): string => botKey(name, tenant)
const idOf = (bot: Bot): string => versionId(keyOf(bot), bot.digest)

export function createCatalog(parts: CatalogParts): FedCatalog {
  const state: State = {
    files: new Map(),
    broken: createBrokenBots(),
    registered: new Map(),
    versions: new Map(),
    known: new Map(),
    listeners: new Set(),
    views: new Map(),
    stamp: 0,
    recordStamp: -1,
    knownStamp: -1,
    refreshing: Promise.resolve()
  }
  const versionOfRun = (run: BotOfRun) => version(parts, state, { key: keyOfRun(run), digest: run.botDigest })
  return {
    broken: state.broken,
    entries: tenant => viewOf(state, tenant).entries,
    entry: (name, tenant) => viewOf(state, tenant).entries.find(({ bot }) => bot.name === name),
    known: () => known(state),
    current: key => currentOf(state, key),
    action: (name, tenant) => viewOf(state, tenant).actions.get(name),
    versionOf: versionOfRun,
    actionOf: async run => (await versionOfRun(run))?.actions.find(({ name }) => name === run.action),
    get stamp() {
      return state.stamp
    },
    onChange: listener => {
      state.listeners.add(listener)
      return () => state.listeners.delete(listener)
    },
    register: (name, source, owner) => register(parts, state, { name, source, ...owner }),
    unregister: (name, tenant) => unregister(parts, state, { name, tenant }),
    check: (source, owner) => check(parts, state, { source, ...owner }),
    setFile: bot => setFile(parts, state, bot),
    removeFile: name => {
      if (state.files.delete(name)) changed(state)
    },
    refresh: () => refresh(parts, state)
  }
}

function viewOf(state: State, tenant: string | undefined): View {
  const known = state.views.get(tenant)
  if (known !== undefined) return known
  const entries = entriesOf(state, tenant)
  const actions = entries.flatMap(({ bot }) => bot.actions.map(action => [action.name, { bot, action }] as const))
  const view = { entries, actions: new Map(actions) }
  state.views.set(tenant, view)
  return view
}

/** A file wins over a registered bot of the same name. */
function entriesOf({ files, registered }: State, tenant: string | undefined): readonly CatalogEntry[] {
  const all: CatalogEntry[] = [...files.values()].map(bot => ({ bot, origin: 'file' }))
  if (tenant !== undefined)
    for (const bot of registered.values()) if (bot.tenant === tenant && !files.has(bot.name)) all.push({ bot, origin: 'registered' })
  return all.sort((a, b) => (a.bot.name < b.bot.name ? -1 : 1))
}

function currentOf({ files, registered }: State, key: string): Bot | undefined {
  return partsOfKey(key).tenant === undefined ? files.get(key) : registered.get(key)
}

function known(state: State): readonly KnownBot[] {
  const current = [...state.files.values(), ...state.registered.values()].map(bot => [keyOf(bot), bot.adapter] as const)
  return [...new Map([...state.known, ...current])].map(([key, adapter]) => ({ key, name: partsOfKey(key).name, adapter }))
}

/** With a tenant, only what that tenant sees is another. */
function changed(state: State, tenant?: string): void {
  if (tenant === undefined) state.views.clear()
  else state.views.delete(tenant)
  state.stamp++
  for (const listener of state.listeners) listener(tenant)
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
  const [id, key] = [idOf(bot), keyOf(bot)]
  if ((await records.get('bot-version', id)) === undefined) await records.put('bot-version', id, { source: bot.source })
  remember(state, id, bot)
  if (state.known.get(key) === bot.adapter) return
  await records.put('bot-name', key, { adapter: bot.adapter })
  state.known = new Map(state.known).set(key, bot.adapter)
}

async function version(
  { records, parse }: CatalogParts,
  state: State,
  { key, digest }: { readonly key: string; readonly digest: string }
): Promise<Bot | undefined> {
  const id = versionId(key, digest)
  const known = state.versions.get(id)
  if (known !== undefined) return known
  const record = (await records.get('bot-version', id)) as { readonly source: string } | undefined
  const { tenant } = partsOfKey(key)
  const bot = record === undefined ? undefined : (await parse(record.source, { file: id, tenant })).bot
  if (bot !== undefined) remember(state, id, bot)
  return bot
}

async function setFile(parts: CatalogParts, state: State, bot: Bot): Promise<Written | undefined> {
  if (state.files.get(bot.name)?.digest === bot.digest) return undefined
  await keepVersion(parts, state, bot)
  state.files.set(bot.name, bot)
  changed(state)
  return nextFile(parts.records, bot)
}

interface Registering {
  readonly name: string
  readonly source: string
  readonly caller: Caller
  readonly tenant: string
  readonly allowBreaking?: boolean | undefined
}

async function register(
  parts: CatalogParts,
  state: State,
  { name, source, caller, tenant, allowBreaking }: Registering
): Promise<{ bot: Bot; created: boolean; changes: BotChanges | undefined }> {
  const { bot, issues } = await parts.parse(source, { file: 'bot.yaml', name, tenant })
  if (bot === undefined) throw invalidManifest(issues.filter(({ severity }) => severity === 'error'))
  if (state.files.has(name)) throw new RetrofitError('bot_from_file', { detail: `${name} comes from the bots folder.` })
  allowScopes(caller, bot)
  const refusal = await parts.refuse?.(bot)
  if (refusal !== undefined) throw invalidManifest([refusal])
  await refresh(parts, state)
  const key = keyOf(bot)
  const created = !state.registered.has(key)
  const used = [...state.registered.values()].filter(other => other.tenant === tenant).length
  if (created && used >= mostOf(parts, 'bots')) throw overQuota(parts, 'bots', used)
  const before = state.registered.get(key)
  const changes = await botChanges(before && versionOf(before), versionOf(bot))
  if (changes?.needsAllowBreaking === true && allowBreaking !== true) throw breakingChange(changes, bot)
  for (const id of await shelve(parts, key, idOf(bot))) state.versions.delete(id)
  await keepVersion(parts, state, bot)
  await parts.records.put('bot', key, { source, digest: bot.digest })
  await refresh(parts, state)
  return { bot, created, changes }
}

async function check(
  parts: CatalogParts,
  state: State,
  { source, caller, tenant }: Omit<Registering, 'name'>
): Promise<Parsed & { readonly changes?: BotChanges | undefined }> {
  const parsed = await parts.parse(source, { file: 'bot.yaml', tenant })
  if (parsed.bot === undefined) return parsed
  const refusal = await parts.refuse?.(parsed.bot)
  if (refusal !== undefined) return { issues: [...parsed.issues, refusal] }
  await refresh(parts, state)
  const served = entriesOf(state, tenant).find(({ bot }) => bot.name === parsed.bot.name)?.bot
  // What an operator's file says is for those who may replace it.
  const isSeen = served !== undefined && (served.tenant ?? operatorTenant) === caller.tenant
  if (!isSeen && !(served !== undefined && isOperator(caller))) return parsed
  return { ...parsed, changes: await botChanges(versionOf(served), versionOf(parsed.bot)) }
}

async function unregister(parts: CatalogParts, state: State, { name, tenant }: { name: string; tenant: string }): Promise<void> {
  if (!(await parts.records.delete('bot', botKey(name, tenant)))) {
    if (state.files.has(name)) throw new RetrofitError('bot_from_file', { detail: `${name} comes from the bots folder.` })
    throw new RetrofitError('bot_not_found', { detail: `There is no bot ${name}.` })
  }
  await refresh(parts, state)
}

/** Records of versions that knew no tenants carry the bare name: they belong to the tenant that every key was of. */
const firstTenant = 'default'

function refresh(parts: CatalogParts, state: State): Promise<void> {
  const turn = state.refreshing.then(() => readRegistered(parts, state))
  state.refreshing = turn.catch(() => undefined)
  return turn
}

async function readRegistered(parts: CatalogParts, state: State): Promise<void> {
  await refreshKnown(parts, state)
  const stamp = await parts.records.stamp('bot')
  if (stamp === state.recordStamp) return
  const next = new Map<string, Bot>()
  state.broken.forgetRegistered()
  for (const { id, value } of await parts.records.list('bot')) {
    const { name, tenant = firstTenant } = partsOfKey(id)
    const key = botKey(name, tenant)
    const { source, digest } = value as { readonly source: string; readonly digest: string }
    const before = state.registered.get(key)
    // A version that this process can not read (an older one than the writer's) does not replace a good one.
    const parsed = before?.digest === digest ? undefined : await parts.parse(source, { file: `${name} (registered)`, tenant })
    if (parsed !== undefined) state.broken.note({ name, tenant, issues: parsed.bot === undefined ? parsed.issues : [] })
    const bot = parsed?.bot ?? before
    if (bot === undefined) continue
    remember(state, idOf(bot), bot)
    next.set(key, bot)
  }
  const before = state.registered
  state.registered = next
  state.recordStamp = stamp
  const touched = [...next.keys(), ...before.keys()].filter(key => next.get(key) !== before.get(key))
  for (const tenant of new Set(touched.map(key => partsOfKey(key).tenant))) changed(state, tenant)
}

async function refreshKnown({ records }: CatalogParts, state: State): Promise<void> {
  const stamp = await records.stamp('bot-name')
  if (stamp === state.knownStamp) return
  const found = (await records.list('bot-name')).map(({ id, value }) => [id, (value as { readonly adapter: string }).adapter] as const)
  state.known = new Map([...state.known, ...found])
  state.knownStamp = stamp
  for (const listener of state.listeners) listener()
}
