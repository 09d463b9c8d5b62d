import type { Row } from './figures.ts'

const columns: readonly (readonly [string, (row: Row) => string | number])[] = [
  ['fault', row => row.fault],
  ['moment', row => row.moment],
  ['mode', row => row.mode],
  ['adapter', row => row.adapter],
  ['hits', row => (row.hits === row.trials ? row.hits : `${row.hits} of ${row.trials}`)],
  ['completed', row => row.effects],
  ['dup', row => row.dup],
  ['lost', row => row.lost],
  ['parked', row => row.parked],
  ['recovered in s (middle, longest)', row => row.recoveredS?.join(', ') ?? '']
]

/** A Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(row => columns.map(([, value]) => value(row)))
  const head = columns.map(([name]) => name)
  return [head, head.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
