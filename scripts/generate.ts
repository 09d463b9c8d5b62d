/** Writes the documents that follow from the code; `--check` only says which are stale, and exits 1. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { loadAdapters } from '../adapters/index.ts'
import { settingsTable } from '../src/config.ts'
import { errorKinds } from '../src/core/errors.ts'
import { keyTable, manifestJsonSchema } from '../src/manifest/json-schema.ts'
import { metaSchemaCode } from './meta-schema.ts'

export interface Generated {
  /** From the top of the repository. */
  readonly path: string
  readonly content: string
}

const top = new URL('../', import.meta.url)
const current = (path: string): string | undefined => {
  try {
    return readFileSync(new URL(path, top), 'utf8')
  } catch {
    return undefined
  }
}

export async function generate(): Promise<readonly Generated[]> {
  const adapters = await loadAdapters()
  const schema = `${JSON.stringify(manifestJsonSchema(adapters), undefined, 2)}\n`
  await Promise.all(Object.values(adapters).map(adapter => adapter.close()))
  return [
    { path: 'openapi/bot.schema.json', content: schema },
    { path: 'openapi/retrofit.json', content: `${JSON.stringify(parse(current('openapi/retrofit.yaml') ?? ''), undefined, 1)}\n` },
    { path: 'src/core/check-meta-schema.js', content: await metaSchemaCode() },
    { path: 'README.md', content: readme(current('README.md') ?? '') },
    { path: 'bots/README.md', content: between(current('bots/README.md') ?? '', { name: 'keys', content: keyTable() }) }
  ]
}

const readme = (text: string): string =>
  between(between(text, { name: 'errors', content: errorTable() }), { name: 'settings', content: settingTable() })

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

/** Codes of one status in one row, in the order of the statuses. */
function errorTable(): string {
  const rows = Object.entries(errorKinds)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, title, retryable }]) => [String(status), `\`${code}\``, title, retryable ? 'yes' : ''])
  return table(['status', 'code', 'means', 'retryable'], [...rows, ['4xx', 'as declared', "the action's own business errors", '']])
}

const settingTable = (): string =>
  table(
    ['name', 'default', 'what it is'],
    Object.entries(settingsTable).map(([name, { default: initial, says }]) => [`\`${name}\``, initial === '' ? '' : `\`${initial}\``, says])
  )

export const isStale = ({ path, content }: Generated): boolean => current(path) !== content

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
function between(text: string, { name, content }: { readonly name: string; readonly content: string }): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [before, rest] = text.split(open)
  const after = rest?.split(close)[1]
  if (before === undefined || after === undefined) throw new Error(`${open} … ${close} is missing`)
  return `${before}${open}\n${content}\n${close}${after}`
}

async function main(check: boolean): Promise<void> {
  const stale = (await generate()).filter(isStale)
  for (const { path, content } of stale) {
    console.log(check ? `${path} is stale: run npm run generate` : `wrote ${path}`)
    if (!check) writeFileSync(new URL(path, top), content)
  }
  if (check && stale.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes('--check'))
