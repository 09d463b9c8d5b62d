import { keyOfRun } from './bot-key.ts'
import type { Run } from './types.ts'

/** The id of a version of the bot that is kept under the key. */
export const versionId = (key: string, digest: string): string => `${key}@${digest}`

/** The version of its bot whose schemas the row is read with; a tombstone needs none. */
export const versionOf = (run: Pick<Run, 'bot' | 'botDigest' | 'botTenant' | 'expired'>): string | undefined =>
  run.expired ? undefined : versionId(keyOfRun(run), run.botDigest)
