import type { Run } from './types.ts'

/** The version of its bot whose schemas the row is read with; a tombstone needs none. */
export const versionOf = ({ bot, botDigest, expired }: Pick<Run, 'bot' | 'botDigest' | 'expired'>): string | undefined =>
  expired ? undefined : `${bot}@${botDigest}`
