/** Checks what a tenant's manifest asks for beside its own contents: its credentials. */
import type { ManifestIssue } from './core/manifest-issue.ts'
import type { Bot } from './core/types.ts'
import { credentialsOf } from './engine/credentials-of.ts'
import type { Secrets } from './governance/secrets.ts'
import { issueAt } from './manifest/issue-at.ts'

/** Where this process can not read the file of the credentials, nobody has listed the bot: it is refused too. */
export async function refuseBot(secrets: Secrets, bot: Bot): Promise<ManifestIssue | undefined> {
  try {
    await credentialsOf(secrets, bot, bot.tenant ?? '')
    return undefined
  } catch (error) {
    return issueAt(bot.source, ['target', 'credentials'], (error as Error).message)
  }
}
