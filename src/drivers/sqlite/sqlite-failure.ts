/** SQLite's result codes that a person can do something about: https://www.sqlite.org/rescode.html */
const advice: Readonly<Record<number, string>> = {
  5: 'another process holds it for too long; stop that process',
  8: 'it can not be written; give this user write access to the file and its folder',
  10: 'the disk reports an error; check the disk and start again',
  11: 'it is damaged; restore it from a backup, or move it away to begin with an empty ledger, which forgets every run and key',
  13: 'the disk is full; free some space',
  14: 'it can not be opened; give this user write access to the file and its folder',
  26: 'it is damaged or no SQLite database; restore it from a backup, or move it away to begin with an empty ledger, which forgets every run and key'
}

const ioError = 10
const corrupt = 11

/** The primary result code of an error of SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/** Says which file it is about and what to do. */
export function explained(path: string, error: unknown): Error {
  const code = sqliteCode(error)
  const what = (code === undefined ? undefined : advice[code]) ?? 'it could not be used'
  const said = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
  return new Error(`The ledger ${path}: ${what} (${said})`, { cause: error })
}

/** After one of these nobody knows what the disk holds: a later fsync that succeeds proves nothing about the earlier pages. */
export const isFatal = (error: unknown): boolean => [ioError, corrupt].includes(sqliteCode(error) ?? 0)
