/** Keeps the files of this process for its own user: the ledger holds other people's data, and the folders hold keys. */
import { statSync } from 'node:fs'

/** Files made from now on, also by child processes, can be read by their owner alone. */
export function keepFilesPrivate(): void {
  process.umask(0o077)
}

/** A line for each folder into which other users of the machine can look, with what to do; one that is not there yet is made private. */
export const openFolders = (folders: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(folders).flatMap(([name, folder]) => {
    const mode = (statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o777
    if ((mode & 0o077) === 0) return []
    return [`${name} ${folder} is open to other users of this machine (mode ${mode.toString(8)}): chmod 700 ${folder}`]
  })
