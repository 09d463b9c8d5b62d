/** The values that logins have given, kept in this worker as long as it is good: for each version of the credentials and of the bot, and each tenant. */
import type { Call } from '../../../src/index.ts'
import type { Grant } from './grant.ts'
import { RefusedLogin } from './refused-login.ts'

export interface Wanted {
  readonly call: Call
  /** Which login of the bot it is, and where. */
  readonly kind: string
  make(): Promise<Grant>
}

export interface Kept {
  /** The one that is there, or one that is made: by one call at a time, for all that wait. `isNew`: no call has used it before. */
  grant(wanted: Wanted): Promise<{ readonly grant: Grant; readonly isNew: boolean }>
  /** It is no longer good. */
  end(wanted: Pick<Wanted, 'call' | 'kind'>, grant: Grant): void
}

interface Slot {
  grant: Grant | undefined
  making: { readonly made: Promise<Grant>; readonly signal: AbortSignal } | undefined
}

interface Account {
  readonly slots: Map<string, Slot>
  /** Whoever asks: the account is the same. */
  readonly refused: Map<string, { readonly until: number; readonly error: RefusedLogin }>
}

const mostSlots = 1_000
const refusedMs = 60_000

export function createKept(): Kept {
  // The same object of credentials comes back until its file changes.
  const accounts = new WeakMap<Call['credentials'], Account>()
  const accountOf = ({ credentials }: Call): Account => {
    const account = accounts.get(credentials) ?? { slots: new Map(), refused: new Map() }
    accounts.set(credentials, account)
    return account
  }
  return {
    grant: wanted => {
      const account = accountOf(wanted.call)
      return grantIn(account, slotOf(account, wanted), wanted)
    },
    end: (wanted, grant) => {
      const slot = slotOf(accountOf(wanted.call), wanted)
      if (slot.grant === grant) slot.grant = undefined
    }
  }
}

function slotOf({ slots }: Account, { call: { run, bot }, kind }: Pick<Wanted, 'call' | 'kind'>): Slot {
  const name = JSON.stringify([run.tenant, bot.key, bot.digest, kind])
  const slot = slots.get(name) ?? { grant: undefined, making: undefined }
  slots.delete(name)
  slots.set(name, slot)
  const [oldest] = slots.keys()
  if (slots.size > mostSlots && oldest !== undefined) slots.delete(oldest)
  return slot
}

async function grantIn(account: Account, slot: Slot, wanted: Wanted): ReturnType<Kept['grant']> {
  const { call, kind } = wanted
  for (;;) {
    if (slot.grant !== undefined && slot.grant.until > Date.now()) return { grant: slot.grant, isNew: false }
    const refusal = account.refused.get(kind)
    if (refusal !== undefined && refusal.until > Date.now()) throw refusal.error
    if (slot.making === undefined) return { grant: await makeIn(account, slot, wanted), isNew: true }
    const { made, signal } = slot.making
    try {
      return { grant: await unless(call.signal, made), isNew: true }
    } catch (error) {
      call.signal.throwIfAborted()
      // The call that made this login was cancelled; that says nothing about the login.
      if (!signal.aborted) throw error
    }
  }
}

async function makeIn(account: Account, slot: Slot, { call, kind, make }: Wanted): Promise<Grant> {
  try {
    slot.making = { made: make(), signal: call.signal }
    const grant = await slot.making.made
    slot.grant = grant
    account.refused.delete(kind)
    return grant
  } catch (error) {
    if (error instanceof RefusedLogin) account.refused.set(kind, { until: Date.now() + refusedMs, error })
    throw error
  } finally {
    slot.making = undefined
  }
}

/** The work goes on for others. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
