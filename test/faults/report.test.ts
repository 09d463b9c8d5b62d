import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { everyFault } from './faults.ts'
import { bound95 } from './figures.ts'
import { mutantNames } from './mutants.ts'
import { percent, readResults, reportOf, together, verdictOf } from './report.ts'

const { campaigns, loads } = readResults([join(import.meta.dirname, 'results')])
const all = together(campaigns)

test('the report is that of the kept results', () => {
  // npm run faults -- --merge test/faults/results --report test/faults/REPORT.md
  expect(readFileSync(join(import.meta.dirname, 'REPORT.md'), 'utf8')).toBe(reportOf(all, loads))
})

test('README quotes it', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
  expect(readme).toContain(`made ${all.hits.toLocaleString('en')} faults that hit, with no effect twice and nothing lost`)
  const killed = (adapter: string, mode: string) =>
    all.rows
      .filter(row => row.fault === 'effect-kill' && row.adapter === adapter && row.mode === mode)
      .reduce((sum, { hits }) => sum + hits, 0)
  const most = (adapter: string) => percent(Math.max(...['embedded', 'distributed'].map(mode => bound95(killed(adapter, mode)))))
  expect(readme).toContain(`at most ${most('soap')} in each deployment over SOAP, ${most('playwright')} in a browser`)
  expect(loads.map(({ mode, acceptedPerSecond, wrong }) => [mode, acceptedPerSecond, wrong])).toEqual([
    ['distributed', 300, []],
    ['embedded', 100, []]
  ])
  expect(readme).toContain(`${loads[0]?.drainedS} s until all that had waited was done`)
  expect(readme).toContain(`${mutantNames.length} deliberately broken builds`)
})

test('there are at least three hundred of every fault', () => {
  const hits = new Map(everyFault.map(({ name }) => [name, 0]))
  for (const row of all.rows) hits.set(row.fault, (hits.get(row.fault) ?? 0) + row.hits)
  expect([...hits].filter(([, count]) => count < 300)).toEqual([])
})

test('the sums are those of the rows, and nothing that broke is hidden by them', () => {
  const sum = (of: (row: (typeof all.rows)[number]) => number) => all.rows.reduce((total, row) => total + of(row), 0)
  expect([sum(row => row.hits), sum(row => row.trials)]).toEqual([all.hits, all.trials])
  expect(verdictOf(all)).toBe('HELD')
  const first = campaigns[0]
  expect(first).toBeDefined()
  expect(verdictOf(together([...campaigns, { ...(first as typeof all), dup: 1 }]))).toBe('BROKEN: dup 1')
  expect(verdictOf(together([{ ...(first as typeof all), hits: 1 }]))).toMatch(/^VOID/)
})
