/** Where `retrofit try` keeps what it saw: a folder for the owner alone, made when there is something to keep. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../cli.ts'

export interface TryFolder {
  /** Undefined: nothing was kept. */
  readonly path: string | undefined
  /** Answers the file's name. A disk that is full is no failure of the attempt. */
  write(name: string, content: Uint8Array | string): string | undefined
}

/** `wanted`: an empty folder, or one that is not there; else a new one below `home`. */
export function createTryFolder({ wanted, home, name }: { wanted: string | undefined; home: string; name: string }): TryFolder {
  if (wanted !== undefined) checkEmpty(wanted)
  let path: string | undefined
  return {
    get path() {
      return path
    },
    write: (file, content) => {
      try {
        path ??= wanted === undefined ? makeNew(join(home, name)) : make(wanted)
        writeFileSync(join(path, file), content, { mode: 0o600 })
        return file
      } catch (error) {
        process.stderr.write(`could not be kept: ${(error as Error).message}\n`)
        return undefined
      }
    }
  }
}

function checkEmpty(path: string): void {
  if (filesIn(path).length > 0) throw new UsageError(`--out: ${path} is not empty; name a new folder`)
}

function filesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new UsageError(`--out: ${path} can not be used as a folder (${code})`)
  }
}

function make(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  return path
}

/** Two attempts may begin in the same second. */
function makeNew(path: string, turn = 1): string {
  const wanted = turn === 1 ? path : `${path}-${turn}`
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  try {
    mkdirSync(wanted, { mode: 0o700 })
    return wanted
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return makeNew(path, turn + 1)
  }
}
