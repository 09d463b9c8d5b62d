/** Which process made something that outlives it. */
import { isRunning, statOf } from './processes.ts'

/** Names this process: its number, and when it began, because numbers come again. */
export const ownMark = async (): Promise<string> => `${process.pid}.${(await birthOf(process.pid)) ?? 0}`

/** Whether whoever wrote the mark still runs. Where it has no beginning, as without /proc, the number has to do. */
export async function isOwnerAlive(mark: string): Promise<boolean> {
  const [pid, birth = '0'] = mark.split('.')
  return birth === '0' ? isRunning(Number(pid)) : (await birthOf(Number(pid))) === birth
}

async function birthOf(pid: number): Promise<string | undefined> {
  const stat = await statOf(pid)
  return stat === undefined || stat.isDefunct ? undefined : stat.startedAt
}
