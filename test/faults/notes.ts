/** Files that only grow, one JSON object a line, on the disk before anything goes on. */
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

export interface Notes {
  add(note: object): void
  close(): void
}

export function openNotes(path: string): Notes {
  const file = openSync(path, 'a')
  return {
    add: note => {
      writeSync(file, `${JSON.stringify({ at: Date.now(), ...note })}\n`)
      fsyncSync(file)
    },
    close: () => closeSync(file)
  }
}

export function readNotes<T>(path: string): readonly T[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T)
}

export const noteIn = (path: string, note: object): void => appendFileSync(path, `${JSON.stringify({ at: Date.now(), ...note })}\n`)
