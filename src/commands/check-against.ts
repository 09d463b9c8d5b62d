/** `retrofit check --against`: what manifests change for callers of those that a gateway serves, or that other files hold. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../cli.ts'
import { type Contract, sayChange } from '../core/contract/contract.ts'
import { plainLine } from '../core/plain-text.ts'
import type { Bot } from '../core/types.ts'
import { type BotChanges, type BotVersion, botChanges } from '../engine/bot-changes.ts'
import { contractOfSource } from '../manifest/contract-of.ts'
import { createClient } from './client.ts'

type Flags = Readonly<Record<string, unknown>>

export interface Compared extends BotChanges {
  readonly bot: string
  readonly version: string
}

export interface Against {
  readonly compared: readonly Compared[]
  /** Names of bots that are not there to compare with: they are new. */
  readonly unknown: readonly string[]
  /** Names of bots that stand in that folder and not in this one: callers of them break. */
  readonly gone: readonly string[]
  /** Names of bots whose manifest has errors: they are not compared. */
  readonly broken: readonly string[]
}

export interface Checked {
  readonly bots: readonly Bot[]
  /** Names of those that have errors. */
  readonly broken?: readonly string[] | undefined
  /** Of all bots that were checked, good or not; undefined: not a whole folder. */
  readonly folder: readonly string[] | undefined
}

export async function checkAgainst(where: string, { bots, broken = [], folder }: Checked, flags: Flags): Promise<Against> {
  const checked = [...bots.map(({ name }) => name), ...broken]
  const others = isAddress(where) ? fromGateway(where, flags) : fromFiles(where, checked)
  const compared: Compared[] = []
  const unknown: string[] = []
  for (const bot of bots) {
    const source = await others.sourceOf(bot.name)
    const changes = await botChanges(
      source === undefined ? undefined : versionOf(source, `${bot.name} of ${where}`),
      versionOf(bot.source, bot.name)
    )
    if (changes === undefined) unknown.push(bot.name)
    else compared.push({ bot: bot.name, version: bot.version, ...changes })
  }
  return { compared, unknown, broken, gone: folder === undefined ? [] : others.names.filter(name => !folder.includes(name)) }
}

const isAddress = (where: string): boolean => /^https?:\/\//i.test(where)

interface Others {
  /** Undefined: there is no such bot. */
  sourceOf(bot: string): Promise<string | undefined> | string | undefined
  /** Of all bots; of a gateway nobody asks. */
  readonly names: readonly string[]
}

function versionOf(source: string, what: string): BotVersion {
  return { contract: contractIn(source, what), digest: createHash('sha256').update(source).digest('hex') }
}

function contractIn(source: string, what: string): Contract {
  let contract: Contract | undefined
  try {
    contract = contractOfSource(source)
  } catch (cause) {
    throw new UsageError(`${what} can not be read: ${(cause as Error).message}`)
  }
  if (contract.bot === '')
    throw new UsageError(`${what} is no manifest of a bot: give a bot.yaml, a folder of bots, or the address of a gateway`)
  return contract
}

function fromGateway(where: string, flags: Flags): Others {
  const client = createClient({ ...flags, url: where })
  const sourceOf = async (bot: string): Promise<string | undefined> => {
    const { status, text } = await client('GET', `/v1/bots/${bot}`)
    const answer = jsonOf(text) as { readonly source?: string; readonly code?: string; readonly detail?: string }
    if (status === 404 && answer.code === 'bot_not_found') return undefined
    if (status !== 200) throw new UsageError(`${where} answered ${status}: ${answer.detail ?? 'is it a gateway of Retrofit?'}`)
    if (answer.source === undefined)
      throw new UsageError(
        `${where} shows the manifest of ${bot} to those only who may replace it: give such a key with --key (bots:write)`
      )
    return answer.source
  }
  return { sourceOf, names: [] }
}

function jsonOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function fromFiles(where: string, checked: readonly string[]): Others {
  if (!existsSync(where)) throw new UsageError(`${where} does not exist; give a bot.yaml, a folder of bots, or the address of a gateway`)
  const one = statSync(where).isFile() ? where : join(where, 'bot.yaml')
  if (existsSync(one)) {
    const source = readFileSync(one, 'utf8')
    const { bot } = contractIn(source, one)
    if (!checked.includes(bot)) throw new UsageError(`${one} is the bot ${bot}, which is not among those that are checked`)
    return { sourceOf: name => (name === bot ? source : undefined), names: [] }
  }
  const fileOf = (name: string) => join(where, name, 'bot.yaml')
  const names = readdirSync(where).filter(name => existsSync(fileOf(name)))
  if (names.length === 0) throw new UsageError(`${where} holds no bots: give a bot.yaml, a folder of bots, or the address of a gateway`)
  return { sourceOf: name => (names.includes(name) ? readFileSync(fileOf(name), 'utf8') : undefined), names }
}

/** Whether there is something that nobody has said is meant. */
export const isRefused = ({ compared, gone }: Against, flags: Flags): boolean =>
  flags.allowBreaking !== true && (gone.length > 0 || compared.some(({ needsAllowBreaking }) => needsAllowBreaking))

export function againstLines({ compared, unknown, gone, broken }: Against, where: string): readonly string[] {
  const lines = compared.flatMap(each => [`${each.bot} ${each.version} against ${each.against.version} of ${where}:`, ...changeLines(each)])
  return [
    ...lines,
    ...broken.map(name => `${name}: has errors, so it is not compared; correct them first`),
    ...unknown.map(name => `${name}: is new, ${where} has no bot of this name`),
    ...gone.map(name => `BREAKING ${name}: is in ${where} and not here: every action of it is gone; --allow-breaking says that it is meant`)
  ].map(plainLine)
}

function changeLines({ changes, needsAllowBreaking, version }: Compared): readonly string[] {
  if (changes.length === 0) return ['  nothing that callers feel has changed']
  const said = changes.map(
    change => `  ${change.breaking ? 'BREAKING' : 'changed '} ${change.where} ${change.pointer}: ${sayChange(change)}`
  )
  const next = `${Number(version.split('.')[0]) + 1}.0.0`
  const remedy = `  breaks callers under the same major version: raise version to ${next}, or say that it is meant with --allow-breaking (?allowBreaking=true when it is registered)`
  return needsAllowBreaking ? [...said, remedy] : said
}
