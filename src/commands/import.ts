/** `retrofit import wsdl`: a service description becomes a bot's folder. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { EnvHttpProxyAgent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { parse } from 'yaml'
import { loadAdapters } from '../../adapters/index.ts'
import { UsageError } from '../cli.ts'
import { readSettings } from '../config.ts'
import { type ContractChange, sayChange } from '../core/contract/contract.ts'
import type { ManifestIssue } from '../core/manifest-issue.ts'
import { plainJson, plainLine, plainText } from '../core/plain-text.ts'
import type { JsonObject } from '../core/types.ts'
import { writeCompiled } from '../manifest/compiled.ts'
import { importChanges } from '../manifest/import/import-changes.ts'
import { mergeManifests } from '../manifest/import/merge.ts'
import { ImportFailure } from '../manifest/import/wsdl/failure.ts'
import { type Imported, type ImportOptions, importWsdl } from '../manifest/import/wsdl/import-wsdl.ts'
import { writeManifest } from '../manifest/import/wsdl/write-manifest.ts'
import { formatIssues } from '../manifest/issue.ts'
import { type LoadResult, loadManifest } from '../manifest/load.ts'
import { importOptions } from './import-options.ts'
import { printTable } from './print.ts'
import { sizeLine, type ToolSize, toolSizes } from './tool-sizes.ts'

type Flags = Readonly<Record<string, unknown>>

/** The file of what the last import wrote: with it, a person's changes can be told from ours. */
const reportName = 'import-report.json'

export async function importWsdlCommand(source: string, flags: Flags): Promise<number> {
  const imported = await throughEnvironment(() => read(source, flags))
  const folder = resolve(String(flags.out ?? join(readSettings().BOTS_DIR, imported.bot)))
  const known = previous(folder)
  const manifest = known === undefined ? imported.manifest : mergeManifests(known.written, known.mine, imported.manifest)
  const changes = known === undefined ? [] : await importChanges(known.written ?? known.mine, imported.manifest)
  const text = writeManifest(manifest, known?.reviewed)
  const { bot, issues, compiled } = await check(text, imported.bot, join(folder, 'bot.yaml'))
  const errors = issues.filter(({ severity }) => severity === 'error')
  const sizes = await toolSizes(bot?.actions ?? [])
  if (errors.length === 0) {
    // Before the manifest: a running system that sees that one change finds it compiled.
    if (compiled !== undefined) await writeCompiled(join(folder, 'bot.yaml'), text, compiled)
    save(folder, { text, imported, source, changes, issues, sizes })
  }
  if (flags.json === true)
    process.stdout.write(`${plainJson({ ...reportOf({ imported, source, changes, issues, sizes }), file: join(folder, 'bot.yaml') })}\n`)
  else print({ imported, changes, issues, folder, sizes })
  return errors.length === 0 ? 0 : 1
}

/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY count for what is fetched here, as for any program that a person starts; for targets the manifest alone says so. */
async function throughEnvironment<T>(work: () => Promise<T>): Promise<T> {
  const before = getGlobalDispatcher()
  const agent = new EnvHttpProxyAgent()
  setGlobalDispatcher(agent)
  try {
    return await work()
  } finally {
    setGlobalDispatcher(before)
    await agent.close()
  }
}

async function read(source: string, flags: Flags): Promise<Imported> {
  const out = typeof flags.out === 'string' ? { bot: basename(resolve(flags.out)) } : {}
  const options: ImportOptions = { ...out, ...(await importOptions(source, flags)) }
  if (options.bot !== undefined && !/^[a-z][a-z0-9_]{0,40}$/.test(options.bot))
    throw new UsageError(`${options.bot} is not a name for a bot: write small letters, digits and _; give another with --bot`)
  try {
    return await importWsdl(source, options)
  } catch (error) {
    if (error instanceof ImportFailure) throw new UsageError(error.message)
    throw error
  }
}

interface Previous {
  readonly mine: JsonObject
  readonly written: JsonObject | undefined
  /** Actions whose mark a person took away. */
  readonly reviewed: ReadonlySet<string>
}

function previous(folder: string): Previous | undefined {
  const file = join(folder, 'bot.yaml')
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8')
  const mine = parse(text) as JsonObject
  const report = join(folder, reportName)
  const written = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as { manifest?: JsonObject }).manifest : undefined
  const marked = new Set([...text.matchAll(/^ {2}(\w+):\n(?: {4}.*\n)*? {4}effect: \w+ # please review/gm)].map(([, name]) => name))
  return { mine, written, reviewed: new Set(Object.keys((mine.actions ?? {}) as JsonObject).filter(name => !marked.has(name))) }
}

async function check(text: string, bot: string, file: string): Promise<LoadResult> {
  const adapters = await loadAdapters()
  const settings = readSettings()
  const env = (name: string) => {
    const value = settings.manifestEnv(name)
    return value === undefined ? 'http://127.0.0.1:1' : value
  }
  const result = await loadManifest(text, { file, name: bot, adapters, env, trusted: true })
  await Promise.all(Object.values(adapters).map(adapter => adapter.close()))
  return result
}

interface Saving {
  readonly text: string
  readonly imported: Imported
  readonly source: string
  readonly changes: readonly ContractChange[]
  readonly issues: readonly ManifestIssue[]
  readonly sizes: readonly ToolSize[]
}

/** A manifest that is cut off would be picked up by a running system: both files come whole. */
function save(folder: string, { text, ...saving }: Saving): void {
  mkdirSync(folder, { recursive: true })
  const report = { ...reportOf(saving), manifest: saving.imported.manifest }
  for (const [name, content] of [
    ['bot.yaml', text],
    [reportName, `${JSON.stringify(report, undefined, 1)}\n`]
  ] as const) {
    const file = join(folder, name)
    writeFileSync(`${file}.tmp`, content)
    renameSync(`${file}.tmp`, file)
  }
}

const reportOf = ({ imported, source, changes, issues, sizes }: Omit<Saving, 'text'>) => ({
  bot: imported.bot,
  source: /^https?:/.test(source) ? source : basename(source),
  actions: imported.actions.map(each => ({ ...each, tokens: sizes.find(({ action }) => action === each.action)?.tokens })),
  warnings: imported.warnings,
  changes,
  issues: issues.map(({ severity, line, message }) => ({ severity, line, message }))
})

interface Printing {
  readonly imported: Imported
  readonly changes: readonly ContractChange[]
  readonly issues: readonly ManifestIssue[]
  readonly folder: string
  readonly sizes: readonly ToolSize[]
}

function print({ imported, changes, issues, folder, sizes }: Printing): void {
  const { actions, warnings } = imported
  const rows = actions.map(each => [
    each.operation,
    each.action,
    each.effect,
    `${each.inputProperties}`,
    `${each.outputProperties}`,
    `${sizes.find(({ action }) => action === each.action)?.tokens ?? ''}`,
    each.warnings[0]?.slice(0, 60) ?? ''
  ])
  printTable(['operation', 'action', 'effect (guessed)', 'input', 'output', 'tokens', 'warning'], rows)
  for (const change of changes)
    process.stdout.write(
      `${change.breaking ? 'BREAKING' : 'changed'}  ${plainLine(`${change.where} ${change.pointer}: ${sayChange(change)}`)}\n`
    )
  for (const warning of warnings) process.stdout.write(`warning: ${plainLine(warning)}\n`)
  if (sizes.length > 0) process.stdout.write(`${sizeLine(sizes)}\n`)
  const errors = issues.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) process.stdout.write(`${plainText(formatIssues(errors.slice(0, 20)))}\nNothing was written.\n`)
  else
    process.stdout.write(
      `\n${actions.length} ${actions.length === 1 ? 'action' : 'actions'} in ${join(folder, 'bot.yaml')}; the report is ${join(basename(dirname(join(folder, reportName))), reportName)}. Please review the effects.\n`
    )
}
