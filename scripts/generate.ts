/** Writes the documents that follow from the code; `--check` only says which are stale, and exits 1. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadAdapters } from '../adapters/index.ts'
import { keyTable, manifestJsonSchema } from '../src/manifest/json-schema.ts'

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
    { path: 'bots/README.md', content: between(current('bots/README.md') ?? '', { name: 'keys', content: keyTable() }) }
  ]
}

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
