/** How a command ends: everything that it printed has gone out first, also through a pipe that is read slowly. */
import type { Writable } from 'node:stream'

/** A reader that has seen enough (`retrofit tools … | head`) is no failure, and no reason to leave the command's work half done. */
export function keepQuietWhenUnread(stream: Writable): void {
  stream.on('error', error => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  })
}

/** Resolves when the stream has handed over what it was given, or never can. */
export const drained = (stream: Writable): Promise<void> =>
  stream.destroyed ? Promise.resolve() : new Promise(resolve => stream.write('', () => resolve()))
