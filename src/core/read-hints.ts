/**
 * What is said after a read that has begun. It is a read by its manifest alone: an address with an input in it, or a form, may have changed
 * something all the same, and nobody has looked.
 */
import type { ErrorCode } from './errors.ts'

const unproven = 'The action is declared a read, and nobody has looked whether what it opened changed something in the target'

export const readHints: Readonly<Partial<Record<ErrorCode, string>>> = {
  target_failed: `${unproven}; it may be tried again later.`,
  deadline_exceeded: `${unproven}; it may be tried again with more time.`,
  worker_lost: `${unproven}. Do not send it again as it is: report the run id to the owner of the bot.`,
  run_cancelled: `${unproven}. Make a new call, with a new key, only when it is still wanted.`
}
