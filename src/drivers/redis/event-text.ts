/** A message of the channel: its signature, the event, and below it the row of a run that has ended. One line each. */

import type { RunEvent } from '../../core/run-event.ts'
import type { Signer } from '../../core/signer.ts'
import { eventOf, storedRun } from '../../core/stored-run.ts'
import type { Run } from '../../core/types.ts'

/** An event with a row has a quarter of that. */
const longest = 65_536

export interface EventTexts {
  /** The lines that stand before the row. `row`: what will stand below them, or nothing. */
  write(event: RunEvent, row?: string): string
  /** Undefined: not of this installation, or no event. The row is read only when somebody looks at it: most hear of others' runs. */
  read(text: string): RunEvent | undefined
}

export function eventTexts(channel: string, signer: Signer | undefined): EventTexts {
  const sign = (lines: string): string => signer?.sign('event', channel, lines) ?? ''
  return {
    write(event, row) {
      const head = JSON.stringify(event)
      return `${sign(row === undefined ? head : `${head}\n${row}`)}\n${head}`
    },
    read(text) {
      if (text.length > longest) return undefined
      const start = text.indexOf('\n') + 1
      const lines = text.slice(start)
      if (start === 0 || signer?.isSigned(text.slice(0, start - 1), 'event', channel, lines) === false) return undefined
      const end = lines.indexOf('\n')
      if (end === -1) return withoutRun(eventOf(lines))
      return withRow(eventOf(lines.slice(0, end)), lines.slice(end + 1))
    }
  }
}

/** A row stands below the event, and nowhere else. */
function withoutRun(event: RunEvent | undefined): RunEvent | undefined {
  return event !== undefined && 'run' in event ? undefined : event
}

function withRow(event: RunEvent | undefined, json: string): RunEvent | undefined {
  if (event?.type !== 'status') return undefined
  let run: Run | undefined
  return {
    ...event,
    get run() {
      run ??= storedRun(json, event.runId)
      return run
    }
  } as RunEvent
}
