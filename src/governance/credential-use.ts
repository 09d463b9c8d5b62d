/** Decides who may use a credential and where its values may go, from the lists in its file and the defaults where it has none. */
import type { Bot, Target } from '../core/types.ts'

export interface CredentialUse {
  /** Origins of pages and endpoints that the values may go to; absent: that of the target alone, and no registered bot. */
  readonly origins?: readonly string[] | undefined
  /** Names of bots; absent: every bot from a file, and no registered one. */
  readonly bots?: readonly string[] | undefined
  /** Tenants whose calls may use it; absent: all of a bot from a file, and no registered bot. */
  readonly tenants?: readonly string[] | undefined
}

/** The origins that the values may go to. */
export const homeOf = ({ origins }: CredentialUse, { url }: Target): readonly string[] => origins ?? [new URL(url).origin]

interface User {
  readonly bot: Pick<Bot, 'name' | 'tenant' | 'target'>
  /** The tenant of the caller. */
  readonly tenant: string
}

/** Why the bot may not use it, and what an operator can write; undefined: it may. */
export function whyRefused(name: string, use: CredentialUse, user: User): string | undefined {
  const missing = user.bot.tenant === undefined ? missingForFile(use, user) : missingForRegistered(use, user)
  return missing === undefined ? undefined : notGiven(name, user.bot.name, missing)
}

/** The same words for a credential that is not there: who registers bots learns nothing about the operator's files. */
export const notGiven = (name: string, bot: string, missing: string): string =>
  `there are no credentials ${JSON.stringify(name)} that ${bot} may use: an operator has to list ${missing} in ${name}.json`

function missingForFile({ origins, bots, tenants }: CredentialUse, { bot, tenant }: User): string | undefined {
  if (bots !== undefined && !bots.includes(bot.name)) return `${JSON.stringify(bot.name)} in bots`
  if (tenants !== undefined && !tenants.includes(tenant)) return `the caller's tenant in tenants`
  const { origin } = new URL(bot.target.url)
  return origins === undefined || origins.includes(origin) ? undefined : `the origin of target.url in origins`
}

/** Whoever registers a bot chooses every address in it: each must be one that the operator knows. */
function missingForRegistered({ origins = [], bots = [], tenants = [] }: CredentialUse, { bot, tenant }: User): string | undefined {
  const reached = [new URL(bot.target.url).origin, ...bot.target.egress]
  const missing = [
    ...(bots.includes(bot.name) ? [] : [`${JSON.stringify(bot.name)} in bots`]),
    ...([bot.tenant, tenant].every(one => tenants.includes(one ?? '')) ? [] : ['its tenant in tenants']),
    ...(reached.every(origin => origins.includes(origin)) ? [] : ['every origin that it reaches (target.url, target.egress) in origins'])
  ]
  return missing.length === 0 ? undefined : missing.join(', ')
}

/** Members that name somebody and open nothing; they may stand in an output. */
const names = /^(user(_?name)?|login|e?mail|domain|realm|tenant|client_?id|certificate|ca)$/i

/** The values that no output may hold: all of them for a registered bot, whose author chose what it answers. */
export const secretValues = (values: Readonly<Record<string, string>>, { tenant }: Pick<Bot, 'tenant'>): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) => (tenant === undefined && names.test(name) ? [] : [value]))
