/** The screen of the chat: the answer on standard output, everything about it on standard error, and lines that change on a terminal. */

import { stripVTControlCharacters, styleText } from 'node:util'
import { plainText } from '../core/plain-text.ts'

type Style = Parameters<typeof styleText>[0]

export interface Screen {
  readonly isTerminal: boolean
  /** A piece of the answer. */
  say(piece: string): void
  /** A line about it. */
  note(line: string): void
  /** Lines that are drawn again and again until others come; drawn on terminals only. */
  live(lines: () => readonly string[]): void
  paint(style: Style, text: string): string
  /** While a person is asked something, nothing moves. */
  hold(): void
  release(): void
}

const redrawMs = 100

export function createScreen(out: NodeJS.WriteStream = process.stdout, err: NodeJS.WriteStream = process.stderr): Screen {
  const isTerminal = err.isTTY === true
  let drawn = 0
  let column = 0
  let lines: () => readonly string[] = () => []
  let timer: NodeJS.Timeout | undefined
  let held: (() => void)[] | undefined

  const erase = (): void => {
    if (drawn > 0) err.write(`\x1b[${drawn}A\x1b[0J`)
    drawn = 0
  }
  const draw = (): void => {
    if (held !== undefined) return
    erase()
    const all = lines().map(line => cutTo(line, (err.columns || 80) - 1))
    if (all.length > 0) err.write(`${all.join('\n')}\n`)
    drawn = all.length
  }
  const now = (work: () => void): void => {
    if (held === undefined) work()
    else held.push(work)
  }
  return {
    isTerminal,
    say: piece =>
      now(() => {
        erase()
        const text = plainText(piece)
        out.write(text)
        column = text.endsWith('\n') ? 0 : column + text.length
      }),
    note: line =>
      now(() => {
        erase()
        if (column > 0) out.write('\n')
        column = 0
        err.write(`${line}\n`)
        draw()
      }),
    live: next => {
      if (!isTerminal) return
      lines = next
      clearInterval(timer)
      if (lines().length > 0 && column > 0) {
        out.write('\n')
        column = 0
      }
      draw()
      if (lines().length > 0) timer = setInterval(draw, redrawMs)
    },
    paint: (style, text) => styleText(style, text, { stream: err }),
    hold: () => {
      erase()
      held = []
    },
    release: () => {
      const waiting = held ?? []
      held = undefined
      for (const work of waiting) work()
      draw()
    }
  }
}

function cutTo(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length <= columns ? line : `${plain.slice(0, columns - 1)}…`
}
