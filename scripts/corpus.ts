/** Imports every WSDL of a folder and sends samples of every operation through XML and back; xmllint judges. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadAdapters } from '../adapters/index.ts'
import { printTable } from '../src/commands/print.ts'
import { ImportFailure } from '../src/manifest/import/wsdl/failure.ts'
import { type Imported, importWsdl } from '../src/manifest/import/wsdl/import-wsdl.ts'
import { writeManifest } from '../src/manifest/import/wsdl/write-manifest.ts'
import { loadManifest } from '../src/manifest/load.ts'
import { type Case, casesOf } from './corpus/cases.ts'
import { compileAll, lintAll, writeDocument } from './corpus/documents.ts'
import { judge } from './corpus/judge.ts'
import { writeXsd } from './corpus/write-xsd.ts'

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, dir: { type: 'string' }, only: { type: 'string' }, verbose: { type: 'boolean' } }
})
const folder = resolve(values.dir ?? join(import.meta.dirname, '..', '..', 'shared', 'material', 'wsdl'))

interface Row {
  readonly name: string
  readonly gold: boolean
  readonly state: 'imported' | 'not importable' | 'failed'
  readonly operations: number
  readonly cases: number
  readonly valid: number
  readonly unjudged: number
  /** Why, and how often. */
  readonly whyUnjudged: ReadonlyMap<string, number>
  readonly schemas: number
  readonly compiled: number
  readonly importMs: number
  readonly note: string
}

/** The main files: from index.tsv where there is one, otherwise every .wsdl. */
function entries(): readonly { name: string; file: string; gold: boolean }[] {
  const index = join(folder, 'index.tsv')
  if (existsSync(index)) {
    const [head = '', ...lines] = readFileSync(index, 'utf8').trimEnd().split(/\r?\n/)
    const gold = head.split('\t').indexOf('gold')
    return lines.map(line => {
      const cells = line.split('\t')
      const name = cells[1] ?? ''
      return {
        name,
        file: join(folder, name, (cells[2] ?? '').split(':').at(-1)?.split('/').at(-1) ?? ''),
        gold: cells[gold]?.trim() === 'gold'
      }
    })
  }
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(each => each.endsWith('.wsdl'))
  return files.map(each => ({ name: each, file: join(folder, each), gold: false }))
}

const theirFault = new Set(['not_well_formed', 'not_wsdl', 'wsdl_2_0', 'missing_import', 'no_operations', 'refused', 'not_found'])
const documentFolder = mkdtempSync(join(tmpdir(), 'corpus-documents-'))
const documents: string[] = []
const adapters = await loadAdapters()

async function examine({ name, file, gold }: ReturnType<typeof entries>[number]): Promise<Row> {
  const base = {
    name,
    gold,
    operations: 0,
    cases: 0,
    valid: 0,
    unjudged: 0,
    whyUnjudged: new Map<string, number>(),
    schemas: 0,
    compiled: 0
  }
  const started = performance.now()
  let imported: Imported
  try {
    imported = await importWsdl(file, { bot: 'corpus' })
  } catch (error) {
    const known = error instanceof ImportFailure && theirFault.has(error.code)
    return { ...base, importMs: 0, state: known ? 'not importable' : 'failed', note: (error as Error).message.slice(0, 160) }
  }
  const text = writeManifest(imported.manifest)
  const importMs = Math.round(performance.now() - started)
  const { bot, issues } = await loadManifest(text, { file: name, adapters, env: () => 'http://127.0.0.1:1', trusted: true })
  const operations = imported.actions.length
  if (bot === undefined)
    return { ...base, operations, importMs, state: 'failed', note: issues.find(({ severity }) => severity === 'error')?.message ?? '' }
  documents.push(writeDocument(bot, documentFolder, name))
  const { schemas, failures } = compileAll(bot)
  for (const failure of failures) process.stdout.write(`  ${name} ${failure}\n`)
  const lost = imported.wsdl.operations.length - operations
  return {
    ...base,
    operations,
    importMs,
    schemas,
    compiled: schemas - failures.length,
    state: lost === 0 ? 'imported' : 'failed',
    ...roundTrips(name, [...casesOf(bot, imported)], imported)
  }
}

function roundTrips(
  name: string,
  cases: readonly Case[],
  imported: Imported
): Pick<Row, 'cases' | 'valid' | 'unjudged' | 'whyUnjudged' | 'note'> {
  const work = mkdtempSync(join(tmpdir(), 'corpus-'))
  try {
    const { files } = writeXsd(imported.set, work)
    const sheets = cases.flatMap(each => each.sheets)
    const { verdicts, schemaError } = judge(sheets, { folder: work, files })
    let [at, valid, unjudged] = [0, 0, 0]
    const notes = new Map<string, number>()
    const whyUnjudged = new Map<string, number>()
    const unjudgedSince = (why: string) => whyUnjudged.set(why, (whyUnjudged.get(why) ?? 0) + 1)
    for (const each of cases) {
      const own = verdicts.slice(at, at + each.sheets.length)
      at += each.sheets.length
      const bad = own.find(verdict => verdict?.valid === false)
      const why = each.fault || bad?.why || ''
      if (why === '' && (each.unknown !== '' || own.some(verdict => verdict === undefined))) {
        unjudged += 1
        unjudgedSince(each.unknown || `xmllint does not take the schema: ${schemaError.replace(/^\S+: /, '').slice(0, 200)}`)
      } else if (why === '') valid += 1
      else notes.set(`${each.operation} ${each.side}: ${why}`, (notes.get(why) ?? 0) + 1)
    }
    if (values.verbose) for (const note of notes.keys()) process.stdout.write(`  ${name} ${note}\n`)
    const [first = ''] = notes.keys()
    return {
      cases: cases.length - unjudged,
      valid,
      unjudged,
      whyUnjudged,
      note: first || (schemaError === '' ? '' : `xmllint does not take the schema: ${schemaError.slice(0, 160)}`)
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function main(): Promise<number> {
  if (!existsSync(folder)) {
    process.stdout.write(`There is no ${folder}: give another folder with --dir.\n`)
    return 0
  }
  if (spawnSync('xmllint', ['--version']).error !== undefined) {
    process.stderr.write('xmllint is needed: apt-get install libxml2-utils\n')
    return 1
  }
  const rows: Row[] = []
  for (const entry of entries())
    if (values.only === undefined || values.only.split(',').includes(entry.name)) rows.push(await examine(entry))
  await Promise.all(Object.values(adapters).map(adapter => adapter.close()))
  const cells = ({ name, gold, state, operations, cases, valid, unjudged, importMs, note }: Row) => [
    name,
    gold ? 'gold' : '',
    state,
    `${operations}`,
    `${valid}/${cases}`,
    unjudged === 0 ? '' : `${unjudged}`,
    `${importMs}`,
    note.slice(0, 150)
  ]
  printTable(['file', '', 'state', 'operations', 'valid', 'unjudged', 'ms', 'note'], rows.map(cells))
  for (const { name, whyUnjudged } of rows)
    for (const [why, count] of whyUnjudged) process.stdout.write(`unjudged: ${name} ${count}: ${why.slice(0, 240)}\n`)
  const bad = lintAll(documents)
  for (const each of bad) process.stdout.write(`redocly: ${each}\n`)
  rmSync(documentFolder, { recursive: true, force: true })
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
  const count = (of: (row: Row) => boolean) => rows.filter(of).length
  const result = {
    files: rows.length,
    importable: count(({ state }) => state !== 'not importable'),
    imported: count(({ state }) => state === 'imported'),
    operations: sum(({ operations }) => operations),
    gold: count(({ gold }) => gold),
    goldImported: count(({ gold, state }) => gold && state === 'imported'),
    roundTripCases: sum(({ cases }) => cases),
    roundTripValid: sum(({ valid }) => valid),
    unjudged: sum(({ unjudged }) => unjudged),
    schemas: sum(({ schemas }) => schemas),
    schemasCompiled: sum(({ compiled }) => compiled),
    documents: documents.length,
    documentsValid: documents.length - bad.length
  }
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : `\n${Object.entries(result)
          .map(([key, value]) => `${key} ${value}`)
          .join(', ')}\n`
  )
  const good = result.importable === result.imported && result.schemas === result.schemasCompiled && bad.length === 0
  return good ? 0 : 1
}

process.exitCode = await main()
