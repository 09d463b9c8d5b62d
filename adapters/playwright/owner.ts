/** Which process made something that outlives it. */
import { readFile } from 'node:fs/promises'

/** Of this process: its number, and when it began, because numbers come again. */
export const ownMark = async (): Promise<string> => `${process.pid}.${(await birthOf(process.pid)) ?? 0}`

/** Whether whoever wrote the mark still runs. Where it has no beginning, as without /proc, the number has to do. */
export async function isOwnerAlive(mark: string): Promise<boolean> {
  const [pid, birth = '0'] = mark.split('.')
  return birth === '0' ? isAlive(Number(pid)) : (await birthOf(Number(pid))) === birth
}

/** When a process began, in ticks since the machine did; undefined when there is none, or nothing of it but its exit code. */
async function birthOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // proc_pid_stat(5): the name in parentheses may hold anything; state is field 3, start time 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : fields[19]
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
