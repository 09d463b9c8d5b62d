/** How well actions are found by words, on our own function set or a published one, and what a query costs among 1,000 actions. */
import type { Action } from '../../src/core/types.ts'
import { type ActionIndex, createActionIndex } from '../../src/surface/action-index.ts'
import { median, printTable, rounded } from './figures.ts'
import { type FunctionSet, readBfcl, readFunctions, recallOf } from './functions.ts'
import type { BenchOptions } from './hop.ts'

const actionCount = 1_000
/** On the whole of BFCL live multiple: what a search that is not this one reached. */
const toBeat = { at1: 0.52, at5: 0.73, at10: 0.81 }
const targetMs = 2

export async function benchSearch({ functions, answers }: BenchOptions): Promise<object> {
  const whole = functions !== undefined && answers !== undefined
  const set = whole ? readBfcl(functions, answers) : readFunctions(`${import.meta.dirname}/functions`)
  const index = await createActionIndex(set.actions)
  const recall = recallOf(set, query => index.search(query))
  const { at1, at5, at10 } = recall
  printTable(
    `Search: ${set.questions.length} questions, ${set.actions.length} functions, ${whole ? functions : 'our own set'}`,
    ['', 'first', 'of the first 5', 'of the first 10'],
    [
      ['the right function is', rounded(at1), rounded(at5), rounded(at10)],
      ...(whole ? [['to beat, on the whole of BFCL live multiple', toBeat.at1, toBeat.at5, toBeat.at10]] : [])
    ]
  )
  const cost = await costOf(set)
  printTable(
    `CPU time among ${actionCount} actions (milliseconds, which a busy machine does not change much; target: ${targetMs} a query)`,
    ['', 'p50', 'p95', 'most'],
    [
      ['a question', cost.p50, cost.p95, cost.most],
      ['60 words', cost.long, '', ''],
      ['the index, made for the first time, in slices', cost.index, '', ''],
      ['and again after a bot has changed', cost.indexAgain, '', '']
    ]
  )
  return { recall, cost, functions: set.actions.length, questions: set.questions.length }
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function timed<T>(work: () => Promise<T> | T): Promise<{ readonly ms: number; readonly value: T }> {
  const begun = cpuMs()
  const value = await work()
  return { ms: cpuMs() - begun, value }
}

/** The set over and over, under other names. */
function many({ actions }: FunctionSet): readonly Action[] {
  return Array.from({ length: actionCount }, (_, i) => {
    const action = actions[i % actions.length] as Action
    return { ...action, name: `${action.name}_${i}` }
  })
}

async function costOf(set: FunctionSet) {
  const actions = many(set)
  const first = await timed(() => createActionIndex(actions))
  const again = await timed(() => createActionIndex(actions))
  const index = first.value
  const each: number[] = []
  for (const { question } of set.questions) each.push(await perQuery(index, question))
  each.sort((a, b) => a - b)
  const long = set.questions.map(({ question }) => question).join(' ')
  return {
    p50: rounded(median(each)),
    p95: rounded(each[Math.floor(each.length * 0.95)] ?? 0),
    most: rounded(each.at(-1) ?? 0),
    long: rounded(await perQuery(index, long)),
    index: rounded(first.ms, 0),
    indexAgain: rounded(again.ms, 0)
  }
}

/** One alone is shorter than the clock of the CPU is fine. */
async function perQuery(index: ActionIndex, query: string): Promise<number> {
  const times = 20
  index.search(query)
  const { ms } = await timed(() => {
    for (let i = 0; i < times; i++) index.search(query)
  })
  return ms / times
}
