/** Inside the program under test: what happens when a named moment is reached. */
import { appendFileSync } from 'node:fs'
import type { Moment } from './moments.ts'

type Deed = 'kill' | 'stop' | 'block'

interface Armed {
  readonly moment: Moment
  readonly deed: Deed
  /** How often it must still be reached. */
  left: number
  readonly blockMs: number
  /** Runs with lesser ids, which are older, pass by. */
  readonly since: string
}

let armed: Armed[] = []
let log = ''

/** `W8:kill:1`, `W10:block:1:2000`, `R3:kill:1:0:run_0abc`, several with commas; the empty text disarms. */
export function arm(text: string): void {
  armed = text
    .split(',')
    .filter(part => part !== '')
    .map(part => {
      const [moment, deed = 'kill', left = '1', blockMs = '0', since = ''] = part.split(':')
      return { moment: moment as Moment, deed: deed as Deed, left: Number(left), blockMs: Number(blockMs), since }
    })
}

/** The file that each deed is noted in before it is done. */
export function logTo(path: string): void {
  log = path
}

export const isArmed = (moment: Moment): boolean => armed.some(one => one.moment === moment)

/** `runId`: whose moment it is, so that a trial can tell its own run from an earlier one that is probed meanwhile. */
export function reach(moment: Moment, runId?: string): void {
  if (armed.length === 0) return
  const due = armed.find(one => one.moment === moment && (runId === undefined || runId >= one.since) && --one.left <= 0)
  if (due === undefined) return
  armed = armed.filter(one => one !== due)
  appendFileSync(log, `${JSON.stringify({ at: Date.now(), pid: process.pid, moment, deed: due.deed, runId })}\n`)
  deeds[due.deed](due)
}

const deeds: Readonly<Record<Deed, (armed: Armed) => void>> = {
  kill: () => {
    process.kill(process.pid, 'SIGKILL')
    // The signal is on its way; nothing of ours may run meanwhile.
    for (;;);
  },
  stop: () => {
    process.kill(process.pid, 'SIGSTOP')
  },
  block: ({ blockMs }) => {
    for (const until = performance.now() + blockMs; performance.now() < until; );
  }
}
