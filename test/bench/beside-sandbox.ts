/** Our program with the sample bots beside the sandbox of one of them, in a folder of their own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Program, startProgram } from './program.ts'
import { startOurs } from './start-ours.ts'

const here = import.meta.dirname
const bots = join(here, '../../bots')

export interface Contenders {
  readonly sandbox: Program
  readonly program: Program
}

export async function besideSandbox<T>(bot: 'teller' | 'corebank', work: (contenders: Contenders) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
  const started: Program[] = []
  const start = async (starting: Promise<Program>): Promise<Program> => {
    const program = await starting
    started.push(program)
    return program
  }
  try {
    const ledger = { PORT: '0', LEDGER: join(folder, `${bot}.jsonl`) }
    const sandbox = await start(startProgram([join(bots, bot, 'sandbox/main.ts')], ledger))
    const env = { DATA_DIR: folder, BOTS_DIR: bots, SECRETS_DIR: join(here, 'secrets'), [`${bot.toUpperCase()}_URL`]: sandbox.url }
    return await work({ sandbox, program: await start(startOurs('up', env)) })
  } finally {
    for (const program of started.reverse()) await program.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
