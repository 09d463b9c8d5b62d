/** Whether an operation reads or writes, from its name alone. A write that is taken for a read is worse than the reverse: unsure is write. */
import type { ActionEffect } from '../../../core/types.ts'
import { snakeCase } from './names.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Reads, whatever follows, unless a word that writes follows. */
const reading = words(`
  get list find search read query check retrieve fetch lookup count describe show view exist exists is has are ping echo browse
  download calculate calc compare estimate whoami hello num`)

/** Names of things as well: alone in front of a separator (List_Add, View.Refresh), they are no verbs. */
const nouns = words('list search query check view count download estimate calc num echo')

/** In front of the verb, and of no meaning. */
const fillers = words('do api ws svc web rpc op perform')

const writing = words(`
  accept ack acknowledge activate add allocate alter amend append apply approve archive assign associate attach authenticate authorize
  authorise block book bulk buy cancel change charge claim clean clear clone close commit complete confirm consume convert copy create
  deactivate debit credit decline decrement dequeue delete deploy destroy detach disable discard dispatch drop duplicate edit empty
  enable enqueue enroll execute expire finish fire force generate give grant import increment initiate insert install invalidate invoke
  issue join kill leave link lock login logoff logon logout maintain make mark merge migrate modify move new next notify open order pay
  perform place pop post process provision publish purchase purge push put queue reactivate read_and_delete rebuild receive recalculate
  recover redeem refresh refund register reject release remove rename renew reopen replace report_lost reschedule reserve reset resend
  restart restore resume retry return revert revoke rollback rotate run save schedule send set share ship sign skip split start stop
  submit subscribe suspend swap switch sync synchronize take terminate toggle touch transfer trigger unarchive unassign unblock undelete
  undo uninstall unlink unlock unregister unreserve unsubscribe update upgrade upload upsert use validate verify void withdraw write`)

/** After get, list and their like, these are mostly things: GetOrder, listReports, FindBook, GetCreditLimit. */
const things = words(`
  book bulk charge claim convert credit debit import issue link order place post process queue report return schedule share ship sign use`)

/** What a word that writes says something about: GetUpdateStatus, listCancelReasons. */
const aspects = words(`
  count counts date dates day days fee fees flag history id ids info information limit limits log logs metadata name names number option
  options policies policy reason reasons rule rules state states status statuses time times type types`)

/** Only with these is it a read. */
const readingWith: Readonly<Record<string, ReadonlySet<string>>> = {
  convert: words('currency id ids length number speed temp temperature to unit units volume weight'),
  track: words('by consignment delivery number order package packages parcel shipment shipments status'),
  validate: words('address addresses bic format iban postcode schema vat xml zip'),
  say: words('hello'),
  number: words('of'),
  look: words('up'),
  who: words('am')
}

/** With these it is none: CheckOut, getOrCreate, GetNextNumber, GetSessionToken. */
const neverAfter: Readonly<Record<string, ReadonlySet<string>>> = {
  check: words('in out off point'),
  get: words('new next ready rid'),
  read: words('and'),
  view: words('and')
}

/** Asking makes one. */
const madeOnDemand = /_(tokens?|tickets?|session|session_id|session_key|session_handle\w*|nonce|otp|lock|lease)$/

export function guessEffect(operation: string): ActionEffect {
  const parts = partsOf(operation)
  const verb = verbAt(parts)
  if (verb === undefined) return 'write'
  const name = parts.flat()
  const rest = name.slice(verb + 1)
  const [said = '', object = ''] = name.slice(verb)
  if (!isReading(said, object) || madeOnDemand.test(`_${name.join('_')}`)) return 'write'
  const starts = new Set(startsOf(parts))
  const writes = rest.some((word, index) =>
    writesAt({ word, before: rest[index - 1], after: rest[index + 1], isStart: starts.has(verb + 1 + index) })
  )
  const before = name.slice(0, verb).some((word, index) => writing.has(word) && !things.has(word) && starts.has(index))
  return writes || before ? 'write' : 'read'
}

const isReading = (verb: string, object: string): boolean =>
  verb in readingWith
    ? (readingWith[verb]?.has(object) ?? false) || (verb === 'track' && object === '')
    : !(neverAfter[verb]?.has(object) ?? false)

interface WordPlace {
  readonly word: string
  readonly before: string | undefined
  readonly after: string | undefined
  /** It begins a part of the name. */
  readonly isStart: boolean
}

const joining = words('and or then')

function writesAt({ word, before, after, isStart }: WordPlace): boolean {
  if (!writing.has(word)) return false
  if (isStart || (before !== undefined && joining.has(before))) return true
  return !things.has(word) && !(after !== undefined && aspects.has(after))
}

/** `TimeEntry_GetData` → time entry | get data. Small words with _ between them are one part: get_order_by_id. */
function partsOf(operation: string): readonly (readonly string[])[] {
  const split = operation.split(/[._:/-]+/).filter(part => part !== '')
  const several = split.length > 1 && split.some(part => /[a-z][A-Z]|^[A-Z]/.test(part))
  return (several ? split : [split.join('_')]).map(part => snakeCase(part).split('_'))
}

const startsOf = (parts: readonly (readonly string[])[]): readonly number[] =>
  parts.map((_, index) => parts.slice(0, index).reduce((sum, part) => sum + part.length, 0))

/** Where the verb stands among all words: at the start of the last part that begins with one. */
function verbAt(parts: readonly (readonly string[])[]): number | undefined {
  const starts = startsOf(parts)
  for (let index = parts.length - 1; index >= 0; index -= 1) {
    const part = parts[index] as readonly string[]
    const skipped = part.length > 1 && fillers.has(part[0] ?? '') ? 1 : 0
    const verb = part[skipped] ?? ''
    const isNoun = parts.length > 1 && index < parts.length - 1 && part.length - skipped === 1 && nouns.has(verb)
    if ((reading.has(verb) || verb in readingWith) && !isNoun) return (starts[index] as number) + skipped
    if (writing.has(verb) && !things.has(verb)) return undefined
  }
  const [only = [], ...others] = parts
  // RoleExists
  return others.length === 0 && (only.at(-1) === 'exists' || only.at(-1) === 'exist') ? only.length - 1 : undefined
}
