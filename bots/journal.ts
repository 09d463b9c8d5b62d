/** What a sandbox booked, a JSON line each, beside its effect ledger: a restart forgets nothing. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Journal<Entry> {
  /** What was there when it was opened, oldest first. */
  readonly entries: readonly Entry[]
  append(entry: Entry): void
}

/** `<name>.ledger.jsonl` has its books in `<name>.books.jsonl`. */
export const booksBeside = (ledgerPath: string): string => `${ledgerPath.replace(/(\.ledger)?\.jsonl$/, '')}.books.jsonl`

export function openJournal<Entry>(path: string): Journal<Entry> {
  mkdirSync(dirname(path), { recursive: true })
  return { entries: read(path), append: entry => appendFileSync(path, `${JSON.stringify(entry)}\n`) }
}

function read<Entry>(path: string): Entry[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines.filter(line => line !== '').map(line => JSON.parse(line))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
