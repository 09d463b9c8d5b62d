/** What an expression costs: in a warm thread, against JSONata where it stands, and as a simple path; in turns. */
import jsonata from 'jsonata'
import { compileTemplate, type Scope } from '../../src/core/expression.ts'
import { median, printTable, progress, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'

const scope: Scope = {
  input: { account: '12345678', amount: 12.5, memo: 'x'.repeat(200) },
  session: {},
  credentials: { username: 'u', password: 'p' },
  env: {},
  steps: {},
  run: { id: 'run_1', reference: 'RF1', attempt: 1 }
}
const source = '$uppercase(input.memo) & input.account'
const inline = jsonata(source, { stack: 200, sequence: 100_000 })
const inThread = compileTemplate(`{{ ${source} }}`)
const path = compileTemplate('{{ input.account }}')

const contenders: Readonly<Record<string, () => Promise<unknown>>> = {
  inline: () => inline.evaluate(scope),
  thread: () => inThread(scope),
  path: () => path(scope)
}

const calls = 2_000

export async function benchExpressions({ rounds }: BenchOptions): Promise<object> {
  const p50s: Record<string, number[]> = {}
  for (let round = 0; round <= rounds; round++) {
    progress(`expressions round ${round} of ${rounds}`)
    for (const [name, run] of Object.entries(contenders)) {
      const taken = await times(run)
      // The first round warms up.
      if (round > 0) p50s[name] = [...(p50s[name] ?? []), median(taken)]
    }
  }
  const figures = Object.fromEntries(Object.entries(p50s).map(([name, all]) => [name, rounded(median(all), 4)]))
  const hop = rounded((figures.thread ?? 0) - (figures.inline ?? 0), 4)
  printTable('Expressions (milliseconds, p50; hop: thread less inline)', ['', 'p50'], [...Object.entries(figures), ['hop', hop]])
  return { ...figures, hop }
}

async function times(run: () => Promise<unknown>): Promise<readonly number[]> {
  const taken: number[] = []
  for (let count = 0; count < calls; count++) {
    const begun = performance.now()
    await run()
    taken.push(performance.now() - begun)
  }
  return taken
}
