/** The effect of a key press on the field that has it: keys are typed one by one, so what the field shall hold grows with them. */
import type { ElementHandle, Frame, Page } from 'playwright-core'
import type { Wanted } from './differences.ts'
import { onPage } from './differences.ts'
import type { Seen } from './read-back.ts'

export interface Held {
  readonly kind: Wanted['kind'] | undefined
  /** The text, in a field for text. */
  readonly text: string
  /** Null where the field tells nobody. */
  readonly start: number | null
  readonly end: number | null
  /** The values, in a drop-down list. */
  readonly chosen: readonly string[]
  readonly isTicked: boolean
  /** Which of the others it is; -1: none. */
  readonly same: number
}

/** Runs inside the page. */
export function heldNow(element: Element, others: Element[]): Held {
  const held = { kind: undefined, text: '', start: null, end: null, chosen: [], isTicked: false, same: others.lastIndexOf(element) }
  if (element instanceof HTMLSelectElement)
    return { ...held, kind: 'select', chosen: [...element.selectedOptions].map(({ value }) => value) }
  if (element instanceof HTMLInputElement && /^(checkbox|radio)$/.test(element.type))
    return { ...held, kind: 'check', isTicked: element.checked }
  const isText = element instanceof HTMLInputElement && !/^(button|submit|reset|image|file|hidden|range|color)$/.test(element.type)
  if (isText || element instanceof HTMLTextAreaElement)
    return { ...held, kind: 'fill', text: element.value, start: element.selectionStart, end: element.selectionEnd }
  const isEditor = element instanceof HTMLElement && element.isContentEditable
  return isEditor ? { ...held, kind: 'fill', text: (element.textContent ?? '').replaceAll('\u00a0', ' ') } : held
}

function activeElement(): Element | null {
  let at = document.activeElement
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  return at
}

export interface Focused {
  readonly handle: ElementHandle<Element>
  readonly frame: Frame
}

export async function focusedOn(page: Page): Promise<Focused | undefined> {
  for (let frame = page.mainFrame(); ; ) {
    const handle = (await frame.evaluateHandle(activeElement)).asElement() as ElementHandle<Element> | null
    if (handle === null) return undefined
    const inner = await handle.contentFrame()
    if (inner === null) return { handle, frame }
    frame = inner
  }
}

/** The text that a key of the keyboard writes; undefined for one that does something else. */
function characterOf(key: string): string | undefined {
  if (/^.$/u.test(key)) return key
  if (key === 'Space') return ' '
  const [, shift, letter, digit] = /^(Shift\+)?(?:(?:Key)?([A-Za-z])|(?:Digit|Numpad)(\d))$/.exec(key) ?? []
  if (letter === undefined) return shift === undefined ? digit : undefined
  return shift === undefined ? letter.toLowerCase() : letter.toUpperCase()
}

/** Keys that write, or move within what is written; any other may send something, such as Control+S. */
export const isTyping = (key: string): boolean =>
  characterOf(key) !== undefined || /^(Shift\+)?(Backspace|Delete|Insert|Home|End|Arrow(Left|Right|Up|Down)|Page(Up|Down))$/.test(key)

interface Pressed {
  readonly key: string
  readonly before: Held
  readonly after: Held
  /** The value that was to be there before. */
  readonly wanted: Wanted | undefined
}

/** The value that the field shall hold from now on. Without an intention of its own, such as that of an arrow key, it is what the field made of the key. */
export function wantedAfter({ key, before, after, wanted }: Pressed): Pick<Wanted, 'values' | 'isTicked'> {
  const { isTicked } = after
  if (after.kind !== 'fill') return { values: after.chosen, isTicked }
  const isLost = wanted?.kind === 'fill' && onPage.fill(wanted, { held: before.text, isEditor: false } as Seen) !== 'same'
  const character = characterOf(key)
  const [was = ''] = isLost ? wanted.values : [before.text]
  if (character === undefined) return { values: [isLost ? was : after.text], isTicked }
  const [start, end] = isLost ? [null, null] : [before.start, before.end]
  const text = start === null || end === null ? was + character : was.slice(0, start) + character + was.slice(end)
  const isShown = isMark.test(character) ? countOf(character, after.text) > countOf(character, before.text) : isWrittenAs(text, after.text)
  const isThere = isShown || (!isLost && isInserted(before.text, after.text, character))
  return { values: [isThere ? after.text : text], isTicked }
}

/** The character stands somewhere in it, in place of what was marked, and all else is as it was. */
function isInserted(before: string, after: string, character: string): boolean {
  const places = [...after].map((_, index) => index).filter(index => after.startsWith(character, index))
  return places.some(at => {
    const rest = after.slice(at + character.length)
    return before.startsWith(after.slice(0, at)) && before.endsWith(rest) && at + rest.length <= before.length
  })
}

/** A mask adds characters of its own while somebody types, and none is lost: `12/3` is `123`, `12.50` is `1.250`. */
function isWrittenAs(text: string, held: string): boolean {
  const [wanted, found] = [bare(text), bare(held)]
  let at = 0
  for (const character of found) if (character === wanted[at]) at++
  return at === wanted.length
}

const isMark = /^[^\p{L}\p{N}]$/u

const countOf = (character: string, text: string): number => text.split(character).length - 1

const bare = (text: string): readonly string[] => [...text.replaceAll(/[^\p{L}\p{N}]/gu, '').replace(/^0+(?=.)/, '')]
