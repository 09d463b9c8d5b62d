import type { Run } from './types.ts'

/** Its worker fell silent: dead, paused or cut off. To be followed by where the run goes from here. */
export function workerLost(run: Run): Run {
  const { lost = 0, lostBy = [], lease } = run
  return { ...run, lost: lost + 1, lostBy: lease === undefined ? lostBy : [...lostBy, lease.worker] }
}

/** One that comes back was late and did not die: it does not count. Undefined where it was not counted. */
export function withoutLoss({ lost = 0, lostBy = [] }: Run, worker: string): Pick<Run, 'lost' | 'lostBy'> | undefined {
  return lostBy.includes(worker) && lost > 0 ? { lost: lost - 1, lostBy: lostBy.filter(each => each !== worker) } : undefined
}

const mostLost = 2

/** It may be the run itself that its workers die of: nobody takes it up again, whatever its retry policy allows. */
export const isPoison = ({ lost = 0 }: Run): boolean => lost >= mostLost
