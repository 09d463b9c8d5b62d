/** Many imported services: from the command to ready, and memory, with some 3,640 actions. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadAdapters } from '../../adapters/index.ts'
import { writeCompiled } from '../../src/manifest/compiled.ts'
import { importWsdl } from '../../src/manifest/import/wsdl/import-wsdl.ts'
import { writeManifest } from '../../src/manifest/import/wsdl/write-manifest.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { median, printTable, progress, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { residentMiB, startProgram } from './program.ts'

const here = import.meta.dirname
const wanted = 3_640
const corpus = join(here, '../../../shared/material/wsdl')
const ownFiles = join(here, '../import/fixtures')

/** Real services where the corpus is there, otherwise the small files of the tests, over and over. */
function files(): readonly string[] {
  const folder = existsSync(corpus) ? corpus : ownFiles
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.wsdl'))
  return found.sort().map(name => join(folder, name))
}

interface Written {
  readonly bots: number
  readonly actions: number
  readonly mib: number
  /** Of services whose files have no address. */
  readonly variables: readonly string[]
}

const placeholder = 'http://127.0.0.1:9'

async function writeBots(folder: string): Promise<Written> {
  const good = files()
  const adapters = await loadAdapters()
  const variables: string[] = []
  let [bots, actions, bytes] = [0, 0, 0]
  while (actions < wanted) {
    const before = actions
    for (const source of good) {
      if (actions >= wanted) break
      const imported = await importWsdl(source, { bot: `b${bots}` }).catch(() => undefined)
      if (imported === undefined || actions + imported.actions.length > wanted + 20) continue
      const name = `b${bots}`
      const file = join(folder, name, 'bot.yaml')
      const text = writeManifest(imported.manifest)
      const { compiled } = await loadManifest(text, { file, name, adapters, env: () => placeholder, trusted: true })
      if (compiled === undefined) throw new Error(`${source} can not be loaded`)
      mkdirSync(join(folder, name), { recursive: true })
      writeFileSync(file, text)
      await writeCompiled(file, text, compiled)
      variables.push(`BOT_${name.toUpperCase()}_URL`)
      bots += 1
      actions += imported.actions.length
      bytes += Buffer.byteLength(text)
    }
    if (actions === before) break
  }
  await Promise.all(Object.values(adapters).map(adapter => adapter.close()))
  return { bots, actions, mib: rounded(bytes / 2 ** 20, 1), variables }
}

async function once(folder: string, variables: readonly string[]): Promise<{ readyMs: number; cpu: number; mib: number; peakMib: number }> {
  const data = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
  const program = await startProgram(
    [join(here, '../../src/main.ts'), 'up'],
    {
      PORT: '0',
      BOTS_DIR: folder,
      DATA_DIR: data,
      LOG_LEVEL: 'error',
      RETROFIT_DATA_KEY: 'bench-data-key-0123456789-0123456789',
      ...Object.fromEntries(variables.map(name => [name, placeholder]))
    },
    { limitMs: 300_000 }
  )
  await sleep(1_500)
  const mib = residentMiB(program.pid)
  const cpu = cpuSeconds(program.pid)
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))
  await program.stop()
  rmSync(data, { recursive: true, force: true })
  return { readyMs: program.readyMs, cpu, mib, peakMib: Math.round(Number(peak?.[1] ?? 0) / 1024) }
}

/** What a machine that does other things as well does not change: user and system time so far, in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export async function benchImported({ rounds }: BenchOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-bots-'))
  try {
    progress('imported: importing the services')
    const { bots, actions, mib, variables } = await writeBots(folder)
    const runs: Awaited<ReturnType<typeof once>>[] = []
    for (let round = 0; round < rounds; round++) runs.push(await once(folder, variables))
    const of = (pick: (run: (typeof runs)[number]) => number) => rounded(median(runs.map(pick)), 0)
    const result = {
      bots,
      actions,
      mib,
      readyMs: of(run => run.readyMs),
      cpuSeconds: rounded(median(runs.map(run => run.cpu)), 1),
      rss: of(run => run.mib),
      peak: of(run => run.peakMib)
    }
    printTable(
      `Imported services: ${bots} bots with ${actions} actions, ${mib} MiB of manifests${existsSync(corpus) ? '' : ' (no corpus here: the files of the tests)'} (median of ${rounds})`,
      ['ready ms', 'CPU seconds', 'MiB at rest', 'MiB at most'],
      [[result.readyMs, result.cpuSeconds, result.rss, result.peak]]
    )
    return result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
