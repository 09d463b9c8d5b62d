/** An action that is not there: why, as far as the caller may know, and what it may have meant. */
import { RetrofitError } from '../core/errors.ts'
import { nearWords } from '../core/nearness.ts'
import type { Caller } from '../core/types.ts'
import { allows } from '../governance/scopes.ts'
import { type BrokenBot, mayKnow } from './broken-bots.ts'
import type { Catalog } from './engine.ts'

const mostNear = 3

/** `hint`: how this door finds the names that exist. */
export function noSuchAction(
  catalog: Catalog,
  caller: Caller,
  { name, hint }: { readonly name: string; readonly hint?: string | undefined }
): RetrofitError {
  const detail = `There is no action ${name.slice(0, 80)}.`
  const broken = catalog.broken.seenBy(caller.tenant).filter(bot => name.startsWith(`${bot.name}_`))
  // The longest name: the bots `a` and `a_b` may both be broken.
  const [bot] = broken.sort((a, b) => b.name.length - a.name.length)
  if (bot !== undefined) return ofBroken(bot, { detail, caller, isServed: catalog.entry(bot.name, caller.tenant) !== undefined })
  const usable = catalog.entries(caller.tenant).flatMap(entry => entry.bot.actions)
  const near = nearWords(
    name,
    usable.filter(({ scopes }) => allows(caller.scopes, scopes)).map(action => action.name),
    mostNear
  )
  return new RetrofitError('action_not_found', {
    detail: near.length === 0 ? detail : `${detail} Did you mean ${near.join(' or ')}?`,
    hint
  })
}

interface About {
  readonly detail: string
  readonly caller: Caller
  readonly isServed: boolean
}

function ofBroken(bot: BrokenBot, { detail, caller, isServed }: About): RetrofitError {
  const [first] = bot.issues
  const state = isServed ? 'an older version of the bot is served' : 'none of its actions is served'
  const what = `${detail} The manifest of the bot ${bot.name} has ${bot.issues.length === 1 ? 'a mistake' : 'mistakes'}: ${state}.`
  if (first === undefined || !mayKnow(bot, caller))
    return new RetrofitError('action_not_found', {
      detail: what,
      hint: "Tell the bot's owner or the operator; retrofit check says what is wrong."
    })
  return new RetrofitError('action_not_found', {
    detail: `${what} The first: ${first.file}:${first.line}:${first.column} ${first.message}`.slice(0, 500),
    hint: 'Correct the manifest; retrofit check lists every mistake in it.'
  })
}
