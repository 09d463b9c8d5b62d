/** Waits for Enter between two steps. Ctrl-C stays a signal. */
import { createInterface, type Interface } from 'node:readline'

export interface Keyboard {
  /** Resolves with the next line, or when the input has ended. */
  enter(prompt: string): Promise<void>
  close(): void
}

export function createKeyboard(): Keyboard {
  let reader: Interface | undefined
  let [lines, isOver] = [0, false]
  let wake = () => {}
  const open = (): Interface => {
    const made = createInterface({ input: process.stdin })
    made.on('line', () => {
      lines++
      wake()
    })
    made.on('close', () => {
      isOver = true
      wake()
    })
    return made
  }
  return {
    enter: async prompt => {
      process.stderr.write(prompt)
      reader ??= open()
      while (lines === 0 && !isOver) await new Promise<void>(resolve => (wake = resolve))
      lines = Math.max(0, lines - 1)
    },
    close: () => reader?.close()
  }
}
