/** Which processes still run. A defunct one does not: it holds nothing, and whose task it is to collect it may come late or never. */
import { readdir, readFile } from 'node:fs/promises'

interface Stat {
  readonly isDefunct: boolean
  /** The number of the process that leads its group. */
  readonly group: number
  /** In ticks since the machine started. */
  readonly startedAt: string
}

/** Undefined when there is no such process, or no /proc. */
export async function statOf(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // proc_pid_stat(5): the name in parentheses may hold anything; state is field 3, group 5, start time 22.
  const [state, , group, ...more] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return group === undefined ? undefined : { isDefunct: state === 'Z', group: Number(group), startedAt: more[16] ?? '' }
}

export async function isRunning(pid: number): Promise<boolean> {
  return answers(pid) !== 'ESRCH' && (await statOf(pid))?.isDefunct !== true
}

/** Any process of the group, if it is ours. */
export async function isGroupRunning(leader: number): Promise<boolean> {
  if (answers(-leader) !== '') return false
  const pids = await allPids()
  if (pids.length === 0) return true
  const stats = await Promise.all(pids.map(statOf))
  return stats.some(stat => stat?.group === leader && !stat.isDefunct)
}

/** None without /proc. */
export const allPids = async (): Promise<readonly number[]> =>
  (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name)).map(Number)

/** '' when a signal reaches it, defunct or not, else why none does. */
function answers(pid: number): string {
  try {
    process.kill(pid, 0)
    return ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}
