import type { Run } from './types.ts'

/** Its worker fell silent: dead, paused or cut off. To be followed by where the run goes from here. */
export const workerLost = (run: Run): Run => ({ ...run, lost: (run.lost ?? 0) + 1 })

const mostLost = 2

/** It may be the run itself that its workers die of: nobody takes it up again, whatever its retry policy allows. */
export const isPoison = ({ lost = 0 }: Run): boolean => lost >= mostLost
