/** What the embedded deployment keeps in DATA_DIR beside its ledger: two keys, and a lock so that only one process runs it. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The text of a file, made at the first start; only its owner can read it. */
export function keptSecret(
  directory: string,
  { name, make = () => randomBytes(32).toString('base64url') }: { name: string; make?: () => string }
): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, name)
  try {
    writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(file, 'utf8').trim()
}

/** Held until the process ends, however it ends: the lock is the operating system's. Throws when another process has it. */
export function lockFolder(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = new DatabaseSync(join(directory, 'lock'))
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw new Error(`Another process runs on ${directory}: stop it, or set DATA_DIR to another folder.`, { cause: error })
  }
  return () => lock.close()
}
