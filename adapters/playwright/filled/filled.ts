/**
 * Remembers what an attempt has filled in and checks that it is still so: scripts set fields back, cut values, choose anew. A field is read back
 * before each step that may send it, and before the committing request leaves; and what a request shows by the field's name is compared.
 */
import type { ElementHandle, Frame, Locator } from 'playwright-core'
import { RetrofitError } from '../../../src/index.ts'
import { bodyFieldsOf, type Sent } from './body-fields.ts'
import { asSent, onPage, type Wanted } from './differences.ts'
import { readBack, type Seen } from './read-back.ts'

export interface Filling extends Wanted {
  /** The field's name in the manifest, if it has one that is a plain text. */
  readonly called: string | undefined
  /** The locator, for people. */
  readonly text: string
  /** False: the page writes it in its own way. */
  readonly isVerified: boolean
}

interface Filled {
  wanted: Filling
  /** Notes what the step has written. */
  readonly given: readonly string[]
  handle: ElementHandle<Element> | undefined
  readonly locator: Locator
  readonly frame: Frame
  /** It was written, and no step that may send it has come since. */
  isPending: boolean
  /** Left to the step that is at work: what it sends shows it. */
  isLeaving: boolean
  isDone: boolean
  seen: Seen | undefined
}

interface FillingAct {
  readonly locator: Locator
  readonly frame: Frame
  readonly timeout: number
  /** Learns the field's name before the step writes, because writing itself sends the committing request. */
  readonly isCommitting: boolean
  act(timeout: number): Promise<unknown>
}

type Redact = (text: string) => string

/** A page that is at work answers late: a script that waits for its own request answers not at all. */
const answerMs = 1_000

export class FilledFields {
  private fields: Filled[] = []
  private sent: Sent[] = []
  private isLogin = true

  /** The steps of an attempt begin; before them were those of the login, which a page may send in its own way. */
  begin(): void {
    this.isLogin = false
    for (const { handle } of this.fields) handle?.dispose().catch(() => undefined)
    this.fields = []
    this.sent = []
  }

  /** Notes the field before anything is written into it, as what is written may send it at once. */
  async fill(wanted: Filling, { locator, frame, timeout, isCommitting, act }: FillingAct): Promise<void> {
    const until = Date.now() + timeout
    const state = { handle: undefined, isPending: true, isLeaving: false, isDone: false, seen: undefined }
    const field: Filled = { wanted, given: wanted.values, locator, frame, ...state }
    this.fields.push(field)
    // Asked for before anything is written, and waited for beside it: what is written may lead to another page.
    const finding = locator.elementHandle({ timeout }) as Promise<ElementHandle<Element>>
    finding.catch(() => undefined)
    if (isCommitting) await lookAt([Object.assign(field, { handle: await finding })])
    await act(Math.max(1, until - Date.now()))
    Object.assign(field, { handle: await finding, isDone: true })
  }

  /** Forgets a field that the manifest now changes by key presses: its value is no longer the one filled in. Without a text: into the field that has the focus. */
  typedInto(text: string | undefined): void {
    const last = this.fields.at(-1)
    this.fields = this.fields.filter(field => (text === undefined ? field !== last : field.wanted.text !== text))
  }

  /** Before a step that may send what was filled in since the last such step. */
  async check(redact: Redact, leaves: boolean): Promise<void> {
    const pending = this.fields.filter(field => field.isPending && field.isDone)
    await this.look(pending)
    await this.compare(pending, redact, () => false)
    if (!leaves) return
    for (const field of this.fields) field.isLeaving = false
    for (const field of pending) Object.assign(field, { isPending: false, isLeaving: true })
  }

  /** Takes over what the step itself has changed, for example by choosing from a list of suggestions. */
  async settle(): Promise<void> {
    const left = this.fields.filter(field => !field.isPending && field.isDone)
    await this.look(left)
    for (const field of left) {
      const { wanted, seen } = field
      if (seen === undefined || seen.isGone || wanted.kind !== 'fill' || !seen.held) continue
      if (onPage.fill(wanted, seen) !== 'same') field.wanted = { ...wanted, values: [seen.held] }
    }
  }

  /** A document was asked for: what its request shows is compared before the next step. */
  note(sent: Sent): void {
    if (!this.isLogin && this.fields.some(({ isLeaving }) => isLeaving)) this.sent.push(sent)
  }

  async checkSent(redact: Redact): Promise<void> {
    for (const sent of this.sent.splice(0)) {
      const leaving = this.fields.filter(({ isLeaving, seen }) => isLeaving && seen !== undefined && seen.type !== 'password')
      await this.compareSent(leaving, sent, redact)
    }
  }

  /** Nothing that is filled in is on its way any more. */
  leave(): void {
    this.sent = []
    for (const field of this.fields) field.isLeaving = false
  }

  /** Before the step that commits: every field that is still there. */
  async checkAll(redact: Redact): Promise<void> {
    await this.look(this.fields)
    await this.compare(this.fields, redact, isTakenOver)
  }

  /** Before the committing request leaves. `isAnswering`: the page can be asked while its request is held. */
  async checkHeld(sent: Sent, redact: Redact, isAnswering: boolean): Promise<void> {
    if (isAnswering) await this.look(this.fields)
    // A password is often made a digest of as it is sent.
    const fields = this.fields.filter(({ seen }) => seen?.type !== 'password')
    const shown = await this.compareSent(fields, sent, redact)
    if (!isAnswering) return
    const body = await bodyFieldsOf(sent, charsetOf(fields))
    const isSent = ({ wanted, seen }: Filled) => seen?.held === '' && wanted.values.some(value => body.holds(value))
    await this.compare(fields, redact, field => shown.has(field) || isTakenOver(field) || isSent(field))
  }

  private async compare(fields: readonly Filled[], redact: Redact, isRight: (field: Filled) => boolean): Promise<void> {
    for (const field of fields) {
      const { wanted, seen } = field
      if (seen === undefined || seen.isGone || seen.isSuperseded || !wanted.isVerified || isRight(field)) continue
      const verdict = onPage[wanted.kind](wanted, seen)
      if (typeof verdict === 'object') throw different({ ...field, seen, held: verdict.held, verb: 'holds', redact })
    }
  }

  /** Gives those that the request shows. */
  private async compareSent(fields: readonly Filled[], sent: Sent, redact: Redact): Promise<ReadonlySet<Filled>> {
    const body = await bodyFieldsOf(sent, charsetOf(fields))
    const shown = new Set<Filled>()
    const taken = new Set(fields.filter(({ seen }) => seen?.isGone === false).flatMap(({ seen }) => seen?.names ?? []))
    for (const field of fields) {
      const { wanted, seen } = field
      if (seen === undefined || seen.isSuperseded || !wanted.isVerified || (seen.isGone && seen.names.some(name => taken.has(name))))
        continue
      const found = body.of(seen.names)
      if (found.values.length === 0) {
        const isLeftOut =
          sent.isForm && !seen.isGone && (wanted.kind !== 'check' || wanted.isTicked) && body.of(seen.besides).values.length > 0
        if (isLeftOut) throw different({ ...field, seen, held: '', verb: 'the request carries', redact })
        continue
      }
      const verdict = asSent(wanted, seen, found)
      if (typeof verdict === 'object') throw different({ ...field, seen, held: verdict.held, verb: 'the request carries', redact })
      if (verdict === 'same') shown.add(field)
    }
    return shown
  }

  private async look(fields: readonly Filled[]): Promise<void> {
    const open = fields.filter(({ seen, handle }) => seen?.isGone !== true && handle !== undefined)
    const frames = Map.groupBy(open, ({ frame }) => frame)
    await Promise.all([...frames.values()].map(lookAt))
  }
}

/** A step that came since has made an entry of it, and the page has emptied the field for the next one. */
const isTakenOver = ({ isPending, seen }: Filled): boolean => !isPending && seen?.held === ''

const charsetOf = (fields: readonly Filled[]): string => fields.find(({ seen }) => seen !== undefined)?.seen?.charset ?? 'utf-8'

/** One round trip. A field whose document is gone keeps what was seen of it last, and so does one whose page is at work. */
async function lookAt(fields: readonly Filled[]): Promise<void> {
  const together = await seenTogether(fields)
  if (together === 'late') return
  if (together !== 'gone') return Promise.all(fields.map((field, index) => keep(field, together[index]))).then(() => undefined)
  const alone = await Promise.all(fields.map(async field => (fields.length === 1 ? 'gone' : await seenTogether([field]))))
  const lost = fields.filter((_, index) => alone[index] === 'gone')
  for (const field of lost) field.seen = field.seen && { ...field.seen, isGone: true }
  if (lost.length < fields.length) await lookAt(fields.filter(field => !lost.includes(field)))
}

/** A page that draws its form anew has another element in its place. */
async function keep(field: Filled, seen: Seen | undefined): Promise<void> {
  if (seen?.isGone !== true) {
    field.seen = seen
    return
  }
  field.seen = field.seen === undefined ? seen : { ...field.seen, isGone: true }
  const [found, ...more] = (await field.locator.elementHandles().catch(() => [])) as ElementHandle<Element>[]
  if (found === undefined || more.length > 0) return
  const looked = await seenTogether([{ ...field, handle: found }])
  const now = typeof looked === 'string' ? undefined : looked[0]
  const isSame = now !== undefined && now.type === seen.type && now.names.join() === seen.names.join()
  if (isSame) Object.assign(field, { handle: found, seen: now })
}

/** `gone`: a document of theirs is no more; `late`: it does not answer. */
async function seenTogether(fields: readonly Filled[]): Promise<readonly Seen[] | 'gone' | 'late'> {
  const [first, ...others] = fields.map(({ handle }) => handle)
  if (first === undefined) return []
  const jobs = fields.map(({ wanted }) => ({ options: wanted.kind === 'select' ? wanted.values : [] }))
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  const timer = setTimeout(resolve, answerMs, 'late')
  const gone = () => 'gone' as const
  const answer = first.evaluate(readBack, { elements: others.filter(each => each !== undefined), jobs }).catch(gone)
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

interface Difference {
  readonly wanted: Filling
  readonly given: readonly string[]
  readonly seen: Seen
  readonly held: string
  readonly verb: string
  readonly redact: Redact
}

const shownCharacters = 80

/** A part of a secret is not found in what the field holds instead, so neither is told. */
function different({ wanted, given, seen, held, verb, redact }: Difference): RetrofitError {
  const name = redact(wanted.called ?? (seen.label === '' ? wanted.text : seen.label))
  const isSecret = seen.type === 'password' || given.some(value => redact(value) !== value)
  const short = (text: string) => (text === '' ? 'nothing' : redact(text.replaceAll(/\s+/g, ' ')).slice(0, shownCharacters))
  const was = {
    fill: `filled with ${short(wanted.values.join(', '))}`,
    select: `set to ${short(wanted.values.join(', '))}`,
    check: wanted.isTicked ? 'ticked' : 'cleared of its tick'
  }[wanted.kind]
  const detail = isSecret ? `field ${name} no longer has what was filled in` : `field ${name} was ${was} and ${verb} ${short(held)}`
  return new RetrofitError('target_failed', {
    detail: `${detail}. Where the page writes it in its own way, the step says verify: false`
  })
}
