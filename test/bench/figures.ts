/** Medians, spreads and tables. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** Largest over smallest: how noisy the machine was. */
export const spread = (values: readonly number[]): number =>
  Math.round((Math.max(...values) / Math.max(0.001, Math.min(...values))) * 100) / 100

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))

export function printTable(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [head, ...rows.map(row => row.map(String))]
  const widths = head.map((_, column) => Math.max(...cells.map(row => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')
  process.stdout.write(`\n${title}\n${cells.map(line).join('\n')}\n`)
}

/** Progress goes to standard error, so that standard output holds results only. */
export const progress = (text: string): void => void process.stderr.write(`  ${text}\n`)
