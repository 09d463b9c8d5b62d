/**
 * Remembers what an attempt has filled in and checks that it is still so: scripts set fields back, cut values, choose anew. A field is read back
 * before each step that may send it, and before the committing request leaves; and what a request shows by the field's name is compared.
 */
import type { ElementHandle, Frame, Locator } from 'playwright-core'
import { within } from '../failure.ts'
import { bodyFieldsOf, type Sent } from './body-fields.ts'
import { asSent, onPage } from './differences.ts'
import { different, type Redact } from './different.ts'
import type { Filled, Filling } from './field.ts'
import { beginsToCarry, carries } from './given-file.ts'
import { readBack, type Seen } from './read-back.ts'
import { type Focused, type Held, heldNow, wantedAfter } from './typed.ts'

interface FillingAct {
  readonly locator: Locator
  readonly frame: Frame
  readonly timeout: number
  /** Learns the field's name before the step writes, because writing itself sends the committing request. */
  readonly isCommitting: boolean
  act(timeout: number): Promise<unknown>
}

type Typing = Omit<Filling, 'kind' | 'values' | 'isTicked'>

interface Typed {
  readonly key: string
  readonly locator: Locator | undefined
  /** The element that the key goes to. */
  readonly focused: Focused | undefined
  readonly redact: Redact
  act(): Promise<unknown>
}

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

  /** A key that writes into the field which has the focus, or moves within it; elsewhere it may send what was filled in. */
  async typed(typing: Typing, { key, locator, focused, act, redact }: Typed): Promise<void> {
    const others = this.fields.filter(({ frame, handle, seen }) => frame === focused?.frame && handle !== undefined && !seen?.isGone)
    const before = await heldBy(
      focused,
      others.map(({ handle }) => handle)
    )
    if (before?.kind === undefined) await this.check(redact, true)
    await act()
    const after = await heldBy(focused, [])
    const known = others[before?.same ?? -1]
    this.fields = this.fields.filter(field => field !== known)
    // A page that has moved on by it shows nothing of it any more.
    if (focused === undefined || before?.kind === undefined || after?.kind === undefined) return
    if (known === undefined && JSON.stringify(before) === JSON.stringify({ ...after, same: before.same })) return
    const isVerified = typing.isVerified && known?.wanted.isVerified !== false
    const wanted = {
      ...typing,
      ...named(known?.wanted),
      isVerified,
      kind: before.kind,
      ...wantedAfter({ key, before, after, wanted: known?.wanted })
    }
    const state = { isPending: true, isLeaving: false, isDone: true, seen: undefined }
    this.fields.push({ wanted, given: wanted.values, locator: known?.locator ?? locator, ...focused, ...state })
  }

  /** A key that does nobody knows what to the field that has it, or had it last. */
  forget(text: string | undefined): void {
    const last = this.fields.at(-1)
    this.fields = this.fields.filter(field => (text === undefined ? field !== last : field.wanted.text !== text))
  }

  /** Before a step that may send what was filled in since the last such step. */
  async check(redact: Redact, leaves: boolean): Promise<void> {
    const pending = this.fields.filter(field => field.isPending && field.isDone)
    await this.look(pending)
    await this.compare(pending, redact, isEmptied)
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

  get hasFiles(): boolean {
    return this.fields.some(({ wanted }) => wanted.file !== undefined)
  }

  /** A request of any kind leaves the page. */
  asked(sent: Sent): void {
    for (const field of this.fields) {
      const { file } = field.wanted
      if (file !== undefined && field.isTaken !== true && beginsToCarry(sent, file)) field.isTaken = true
    }
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

  /** Before the step that commits: every field that is still there. `isHeld`: its request shows what became of a file. */
  async checkAll(redact: Redact, isHeld: boolean): Promise<void> {
    await this.look(this.fields)
    await this.compare(this.fields, redact, field => isTakenOver(field) || (isHeld && isEmptied(field)))
  }

  /** Before the committing request leaves. `isAnswering`: the page can be asked while its request is held. */
  async checkHeld(sent: Sent, redact: Redact, isAnswering: boolean): Promise<void> {
    if (isAnswering) await this.look(this.fields)
    // A password is often made a digest of as it is sent.
    const fields = this.fields.filter(({ seen }) => seen?.type !== 'password')
    const shown = await this.compareSent(fields, sent, redact)
    const body = await bodyFieldsOf(sent, charsetOf(fields))
    const isSent = ({ wanted, seen }: Filled) =>
      wanted.file === undefined ? seen?.held === '' && wanted.values.some(value => body.holds(value)) : carries(sent, body, wanted.file)
    const isRight = (field: Filled) => shown.has(field) || isTakenOver(field) || isSent(field)
    if (isAnswering) await this.compare(fields, redact, isRight)
    const [lost] = fields.filter(field => isEmptied(field) && field.wanted.isVerified && !field.seen?.isSuperseded && !isRight(field))
    if (lost?.seen !== undefined) throw different({ ...lost, seen: lost.seen, held: '', verb: 'holds', redact })
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
      if (isEmptied(field) && isTakenOver(field)) continue
      const found = body.of(seen.names)
      if (found.values.length === 0) {
        const isLeftOut =
          sent.isForm && !seen.isGone && (wanted.kind !== 'check' || wanted.isTicked) && body.of(seen.besides).values.length > 0
        if (isLeftOut) throw different({ ...field, seen, held: '', verb: 'the request carries', redact })
        continue
      }
      const carriesFile = wanted.file !== undefined && carries(sent, body, wanted.file)
      const verdict = asSent(wanted, seen, { ...found, carriesFile })
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

/** A page may keep what it has read of the file, so that nobody can tell before something is sent. */
const isEmptied = ({ seen }: Filled): boolean => seen?.files?.length === 0

/** A step that came since has made an entry of it, and the page has emptied the field for the next one. */
const isTakenOver = (field: Filled): boolean =>
  field.wanted.kind === 'upload' ? field.isTaken === true && isEmptied(field) : !field.isPending && field.seen?.held === ''

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
  const [found, ...more] = ((await field.locator?.elementHandles().catch(() => [])) ?? []) as ElementHandle<Element>[]
  if (found === undefined || more.length > 0) return
  const looked = await seenTogether([{ ...field, handle: found }])
  const now = typeof looked === 'string' ? undefined : looked[0]
  const isSame = now !== undefined && now.type === seen.type && now.names.join() === seen.names.join()
  if (isSame) Object.assign(field, { handle: found, seen: now })
}

const named = (before: Filling | undefined) => before && { called: before.called, text: before.text }

/** Undefined where nothing has the focus, or the page does not answer. */
async function heldBy(focused: Focused | undefined, others: readonly (ElementHandle<Element> | undefined)[]): Promise<Held | undefined> {
  const asked = focused?.handle.evaluate(
    heldNow,
    others.filter(each => each !== undefined)
  )
  return within(asked ?? Promise.resolve(undefined), answerMs).catch(() => undefined)
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
