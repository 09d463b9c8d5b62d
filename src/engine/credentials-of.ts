/** The credentials that an attempt works with, once it is known that this bot may use them for this caller. */
import type { Call } from '../core/adapter.ts'
import { marksOf, placeholdersOf } from '../core/credential-marks.ts'
import { RetrofitError } from '../core/errors.ts'
import type { Bot, Json } from '../core/types.ts'
import { homeOf, notGiven, secretValues, whyRefused } from '../governance/credential-use.ts'
import { createSecretFinder } from '../governance/find-secret.ts'
import type { Credentials, Secrets } from '../governance/secrets.ts'

export interface UsableCredentials {
  readonly values: Credentials
  /** Origins that the values may go to. */
  readonly origins: readonly string[]
  /** Whether a value that leaves holds one of them, also encoded. */
  isIn(value: Json): boolean
}

const none: UsableCredentials = { values: {}, origins: [], isIn: () => false }

/** Throws credential_refused where the file does not list the bot, the caller's tenant or the target; target_failed where there is no file. */
export async function credentialsOf(secrets: Secrets, bot: Bot, tenant: string): Promise<UsableCredentials> {
  const name = bot.target.credentials
  if (name === undefined) return none
  const { values, use } = await secrets.get(name).catch(error => {
    // A registered bot asks by guessing: what is not there and what is not for it look the same.
    throw bot.tenant === undefined ? error : refused(notGiven(name, bot.name, everything))
  })
  const why = whyRefused(name, use, { bot, tenant })
  if (why !== undefined) throw refused(why)
  return { values, origins: homeOf(use, bot.target), isIn: finderOf(values, bot) }
}

/** The same object of values comes back until its file changes. */
const finders = {
  file: new WeakMap<Credentials, UsableCredentials['isIn']>(),
  registered: new WeakMap<Credentials, UsableCredentials['isIn']>()
}

function finderOf(values: Credentials, bot: Bot): UsableCredentials['isIn'] {
  const known = finders[bot.tenant === undefined ? 'file' : 'registered']
  const finder = known.get(values) ?? createSecretFinder(secretValues(values, bot))
  known.set(values, finder)
  return finder
}

/** The credentials as expressions see them at an origin. Made when somebody asks: most targets have none. */
export function seenAt({ values, origins }: UsableCredentials, { tenant }: Bot): Call['credentialsAt'] {
  const [usable, marks] = [lazy(() => (tenant === undefined ? values : placeholdersOf(values))), lazy(() => marksOf(values))]
  // The author of a registered bot is not trusted with the values, not even with a condition on them: placeholders stand for them.
  return origin => (origin !== undefined && origins.includes(origin) ? usable() : marks())
}

function lazy<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}

const everything = 'bots, tenants and origins'

function refused(why: string): RetrofitError {
  return new RetrofitError('credential_refused', { detail: `${why[0]?.toUpperCase()}${why.slice(1)}.` })
}
