/** Processes by pid, as Linux tells in /proc; a pid that was given to somebody else counts as gone. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ProcessMark {
  readonly pid: number
  readonly startedAt: string
  readonly command: string
}

interface Stat {
  readonly parent: number
  readonly state: string
  readonly startedAt: string
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc_pid_stat(5): the name in parentheses may hold anything; state is field 3, parent 4, start time 22.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', parent: Number(fields[1]), startedAt: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 120)
  } catch {
    return ''
  }
}

/** Every process below this one. */
export function descendants(root: number): readonly ProcessMark[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
  const stats = new Map(all.map(pid => [pid, statOf(pid)]))
  const below = (parent: number): number[] => all.filter(pid => stats.get(pid)?.parent === parent).flatMap(pid => [pid, ...below(pid)])
  return below(root).map(pid => ({ pid, startedAt: stats.get(pid)?.startedAt ?? '', command: commandOf(pid) }))
}

/** `T` when it is stopped, `Z` when only its parent has not looked yet; '' when there is none. */
export const stateOf = (pid: number): string => statOf(pid)?.state ?? ''

/** A zombie is gone: it waits only for its parent to look. */
export const isRunning = (pid: number): boolean => !['', 'Z'].includes(stateOf(pid))

/** Still the same process, and it runs. */
export function isAlive({ pid, startedAt }: ProcessMark): boolean {
  return isRunning(pid) && statOf(pid)?.startedAt === startedAt
}

/** Those that still live after at most `waitMs`. */
export async function survivors(marks: readonly ProcessMark[], waitMs: number): Promise<readonly ProcessMark[]> {
  const until = Date.now() + waitMs
  while (marks.some(isAlive) && Date.now() < until) await sleep(20)
  return marks.filter(isAlive)
}

/** Those below it that have ended and that nobody has waited for; for a moment that is usual. */
export async function defunctBelow(root: number, waitMs: number): Promise<readonly ProcessMark[]> {
  const look = () => descendants(root).filter(({ pid }) => stateOf(pid) === 'Z')
  for (const until = Date.now() + waitMs; look().length > 0 && Date.now() < until; ) await sleep(50)
  return look()
}
