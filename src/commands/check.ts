/** `retrofit check`: the same report that the loader gives, for people and for CI. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { loadAdapters } from '../../adapters/index.ts'
import { UsageError } from '../cli.ts'
import { readSettings } from '../config.ts'
import type { ManifestIssue } from '../core/manifest-issue.ts'
import { plainJson, plainText } from '../core/plain-text.ts'
import type { Bot } from '../core/types.ts'
import { readBots } from '../manifest/bots-folder.ts'
import { formatIssues } from '../manifest/issue.ts'
import { loadManifest } from '../manifest/load.ts'
import { loadTokenCounter } from '../surface/count-tokens.ts'
import { type LeftOut, leftOutOf } from '../surface/left-out.ts'
import { lintForAgents } from '../surface/lint.ts'
import { agentLines } from './agent-lines.ts'
import { againstLines, checkAgainst, isRefused } from './check-against.ts'

export async function check(paths: readonly string[], flags: Readonly<Record<string, unknown>>): Promise<number> {
  const settings = readSettings()
  const adapters = await loadAdapters({ chromiumSandbox: settings.CHROMIUM_SANDBOX || 'on' })
  const env = (name: string) => {
    const value = settings.manifestEnv(name)
    return value === undefined ? placeholder(name) : value
  }
  const wanted = paths.length === 0 ? [settings.BOTS_DIR] : paths
  const read = await Promise.all(wanted.map(path => readPath(path, { adapters, env })))
  const bots = read.flat()
  const issues = bots.flatMap(bot => bot.issues)
  const errors = issues.filter(({ severity }) => severity === 'error').length
  const agents = flags.agents ? lintForAgents(actionsOf(bots), await loadTokenCounter()) : undefined
  const leftOut = actionsOf(bots).flatMap(action => leftOutOf(action).map(place => ({ action: action.name, ...place })))
  const warnings = await warningsOf(adapters)
  const where = typeof flags.against === 'string' ? flags.against : undefined
  const against =
    where === undefined
      ? undefined
      : await checkAgainst(where, { bots: botsOf(bots), broken: brokenOf(bots), folder: folderOf(wanted, bots) }, flags)
  const isGood = errors === 0 && (against === undefined || !isRefused(against, flags))
  const said = {
    valid: errors === 0,
    bots: bots.map(({ file }) => file),
    issues,
    ...(warnings.length > 0 && { warnings }),
    ...(leftOut.length > 0 && { leftOut }),
    ...(agents === undefined ? {} : { agents }),
    ...(against === undefined ? {} : { against })
  }
  if (flags.json) process.stdout.write(`${plainJson(said)}\n`)
  else
    report({
      count: bots.length,
      issues,
      errors,
      warnings: [...warnings.map(said => `this machine: warning: ${said}`), ...missing(leftOut)]
    })
  if (!flags.json && agents !== undefined) process.stdout.write(plainText(agentLines(agents)))
  if (!flags.json && against !== undefined) process.stdout.write(`${againstLines(against, where ?? '').join('\n')}\n`)
  return isGood ? 0 : 1
}

/** An address that is not set here is no mistake of the manifest: where it runs, it will be. */
const placeholder = (name: string): string | undefined => (name.endsWith('_URL') ? 'http://127.0.0.1:1' : undefined)

/** Where one folder of bots was checked: the names of its bots. */
function folderOf([path, ...more]: readonly string[], bots: readonly Checked[]): readonly string[] | undefined {
  const isFolder = path !== undefined && more.length === 0 && statSync(path).isDirectory() && !existsSync(join(path, 'bot.yaml'))
  return isFolder ? bots.map(({ file }) => basename(dirname(file))) : undefined
}

/** The folder of a bot has its name. */
const brokenOf = (bots: readonly Checked[]) =>
  bots.flatMap(({ bot, file }) => (bot === undefined ? [basename(dirname(resolve(file)))] : []))
const botsOf = (bots: readonly Checked[]) => bots.flatMap(({ bot }) => bot ?? [])
const actionsOf = (bots: readonly Checked[]) => botsOf(bots).flatMap(({ actions }) => actions)

interface Checked {
  readonly file: string
  readonly bot?: Bot | undefined
  readonly issues: readonly ManifestIssue[]
}

type Loading = Omit<Parameters<typeof readBots>[0], 'directory'>

async function readPath(path: string, loading: Loading): Promise<readonly Checked[]> {
  if (!existsSync(path)) throw new UsageError(`${path} does not exist; give a bot.yaml or a folder of bots`)
  if (statSync(path).isFile()) {
    const name = basename(path) === 'bot.yaml' ? { name: basename(dirname(resolve(path))) } : {}
    return [{ file: path, ...(await loadManifest(readFileSync(path, 'utf8'), { file: path, trusted: true, ...name, ...loading })) }]
  }
  if (existsSync(join(path, 'bot.yaml'))) return readPath(join(path, 'bot.yaml'), loading)
  return readBots({ directory: path, afresh: true, ...loading })
}

/** How runs would be worked on here. */
async function warningsOf(adapters: Loading['adapters']): Promise<readonly string[]> {
  const notices = await Promise.all(Object.values(adapters).map(adapter => adapter.notices?.() ?? []))
  return notices.flat().flatMap(({ severity, message }) => (severity === 'warning' ? [message] : []))
}

/** A line for each action: what is wrong with its schema is mostly the same everywhere. */
const missing = (leftOut: readonly (LeftOut & { readonly action: string })[]): readonly string[] =>
  [...Map.groupBy(leftOut, ({ action }) => action)].map(
    ([action, places]) => `${action}: warning: missing in ${places.map(({ from }) => from).join(', ')}: ${places[0]?.reason}`
  )

interface Report {
  readonly count: number
  readonly issues: readonly ManifestIssue[]
  readonly errors: number
  /** Whole lines. */
  readonly warnings: readonly string[]
}

function report({ count, issues, errors, warnings: ofMachine }: Report): void {
  for (const warning of ofMachine) process.stdout.write(`${plainText(warning)}\n`)
  if (issues.length > 0) process.stdout.write(`${plainText(formatIssues(issues))}\n`)
  const warnings = issues.length - errors
  process.stdout.write(
    `${count} ${count === 1 ? 'manifest' : 'manifests'}, ${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}\n`
  )
}
