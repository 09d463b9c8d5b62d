import { plainLine } from '../core/plain-text.ts'

/** Columns as wide as they need to be. */
export function printTable(head: readonly string[], given: readonly (readonly string[])[]): void {
  const rows = given.map(row => row.map(plainLine))
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  process.stdout.write(`${[head, ...rows].map(line).join('\n')}\n`)
}
