/** Finds the one bot of an action in BOTS_DIR, and copies it to where the attempt reads it from. */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parseDocument } from 'yaml'
import { UsageError } from '../cli.ts'
import type { Adapter } from '../core/adapter.ts'
import { durationMs } from '../core/duration.ts'
import type { ManifestIssue } from '../core/manifest-issue.ts'
import type { Action, Bot } from '../core/types.ts'
import { type BotFolder, readBots } from '../manifest/bots-folder.ts'
import { didYouMean } from '../manifest/did-you-mean.ts'
import { formatIssues } from '../manifest/issue.ts'

export interface FoundAction {
  readonly bot: Bot
  readonly action: Action
  readonly warnings: readonly ManifestIssue[]
}

interface Finding {
  readonly botsDir: string
  /** Where the copy goes. */
  readonly into: string
  readonly adapters: Readonly<Record<string, Adapter>>
  readonly env: (name: string) => string | undefined | null
  /** The attempt has so much time, at least: pictures take some, and people who look at a screen more. As `10m`. */
  readonly time: string
}

const manifestName = 'bot.yaml'

/** Throws with every mistake of the manifest, or with names that are near. */
export async function findAction(name: string, finding: Finding): Promise<FoundAction> {
  const { botsDir, into, adapters, env, time } = finding
  if (!existsSync(botsDir)) throw new UsageError(`${botsDir} does not exist: set BOTS_DIR to the folder of the bots`)
  const folders = readdirSync(botsDir).filter(folder => name.startsWith(`${folder}_`) && existsSync(join(botsDir, folder, manifestName)))
  for (const folder of folders) copyBot(finding, folder)
  const read = await readBots({ directory: into, adapters, env })
  for (const { bot, issues } of read) {
    const action = bot?.actions.find(each => each.name === name)
    if (bot === undefined || action === undefined) continue
    if (action.timeouts.runMs < durationMs(time)) giveTime(join(into, bot.name, manifestName), name.slice(bot.name.length + 1), time)
    return { bot, action, warnings: there(issues, finding) }
  }
  const broken = read.filter(({ bot }) => bot === undefined)
  if (broken.length > 0) throw new UsageError(mistakes(broken, finding))
  throw new UsageError(await unknown(name, finding))
}

function copyBot({ botsDir, into }: Finding, folder: string): void {
  const file = join(botsDir, folder, manifestName)
  if (!realpathSync(file).startsWith(realpathSync(botsDir) + sep))
    throw new UsageError(`${file}: a link leads out of the bots folder: put the file itself here`)
  mkdirSync(join(into, folder), { recursive: true, mode: 0o700 })
  writeFileSync(join(into, folder, manifestName), readFileSync(file), { mode: 0o600 })
}

/** In bytes. */
const largest = 1_048_576

/** A manifest that is too large for that, or can not be written so, keeps its own time. */
function giveTime(copy: string, action: string, run: string): void {
  const source = readFileSync(copy)
  if (source.length > largest) return
  const document = parseDocument(source.toString('utf8'))
  try {
    const known = (document.toJS() as { actions?: Record<string, { timeouts?: object }> }).actions?.[action]
    document.setIn(['actions', action, 'timeouts'], document.createNode({ ...known?.timeouts, run }))
  } catch {
    return
  }
  writeFileSync(copy, document.toString({ lineWidth: 0 }))
}

/** In the author's own file. */
const there = (issues: readonly ManifestIssue[], { botsDir, into }: Finding): readonly ManifestIssue[] =>
  issues.map(issue => ({ ...issue, file: issue.file.replace(into, botsDir) }))

function mistakes(broken: readonly BotFolder[], finding: Finding): string {
  const names = broken.map(({ name }) => name).join(', ')
  return `the manifest of ${names} has mistakes:\n${formatIssues(
    there(
      broken.flatMap(({ issues }) => issues),
      finding
    )
  )}`
}

const mostNames = 20

async function unknown(name: string, { botsDir, adapters, env }: Finding): Promise<string> {
  const bots = await readBots({ directory: botsDir, adapters, env })
  const names = bots.flatMap(({ bot }) => bot?.actions.map(action => action.name) ?? [])
  const meant = didYouMean(name, names)
  const way = meant === undefined ? listed(names) : `did you mean ${meant}?`
  const broken = bots.filter(({ bot }) => bot === undefined).map(each => each.name)
  const also = broken.length === 0 ? '' : ` (${broken.join(', ')}: the manifest has mistakes; retrofit check tells them)`
  return `there is no action ${name.slice(0, 100)} in ${botsDir}; ${way}${also}`
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no bot there has one'
  const rest = names.length > mostNames ? `, and ${names.length - mostNames} more` : ''
  return `there are ${names.slice(0, mostNames).join(', ')}${rest}`
}
