/** Where the holes of a CSS selector stand, read from the text around them. */
import type { Holes } from '../../src/index.ts'

/**
 * `string` within quotes, `search` within quotes as a text that is looked for, `value` the whole bare value of an attribute,
 * `name` in a class, an id or a bare value, `number` the number of a child.
 */
export type CssPosition = 'string' | 'search' | 'value' | 'name' | 'number' | { readonly mistake: string }

interface State {
  quote: string | undefined
  /** Within […]: its name, before its value, in a bare value, after the value. */
  attribute: 'name' | 'value' | 'bare' | 'after' | undefined
  /** Names of the pseudo-classes whose brackets are open. */
  readonly calls: string[]
  /** The kind of name that the last characters belong to: a class or an id, or anything else. */
  run: 'name' | 'other'
  word: string
  /** The last character that is no space. */
  last: string
  mistake: string | undefined
}

const nameCharacter = /[\w\-\u0080-\uffff]/
const searches: ReadonlySet<string> = new Set(['has-text', 'text', 'text-is'])
const counts = /^nth-/

export function cssPositions({ literals, expressions }: Holes): readonly CssPosition[] {
  const state: State = { quote: undefined, attribute: undefined, calls: [], run: 'other', word: '', last: '', mistake: undefined }
  const positions = expressions.map((_, index): CssPosition => {
    const before = literals[index] ?? ''
    read(before, state)
    const position = /\\[0-9a-f]{0,6}$/i.test(before)
      ? { mistake: 'goes on after a backslash' }
      : positionIn(state, literals[index + 1] ?? '')
    pass(state)
    return position
  })
  read(literals.at(-1) ?? '', state)
  const { mistake } = state
  return mistake === undefined ? positions : positions.map(() => ({ mistake }))
}

function positionIn({ quote, attribute, calls, run, last }: State, next: string): CssPosition {
  const call = calls.at(-1) ?? ''
  if (calls.includes('text-matches')) return { mistake: 'is in a pattern, where a value could fit anything' }
  if (quote !== undefined) return attribute === undefined && searches.has(call) ? 'search' : 'string'
  if (attribute === 'value') return /^\s*(?:[is]\s*)?\]/i.test(next) ? 'value' : 'name'
  if (attribute === 'bare') return 'name'
  if (attribute !== undefined) return { mistake: 'is in an attribute, and not its value' }
  if (counts.test(call) && (last === '(' || last === ',') && /^\s*[),]/.test(next)) return 'number'
  return run === 'name' ? 'name' : { mistake: 'stands for a piece of the selector' }
}

/** The hole itself has gone by. */
function pass(state: State): void {
  if (state.quote !== undefined) return
  if (state.attribute === 'value') state.attribute = 'bare'
  state.last = 'x'
}

function read(literal: string, state: State): void {
  for (let at = 0; at < literal.length; at++) {
    const character = literal[at] ?? ''
    if (character === '\\') {
      at++
      if (state.quote === undefined) readPlain('x', state)
    } else if (state.quote !== undefined) readQuoted(character, state)
    else if (character === '>' && literal[at + 1] === '>') state.mistake = 'is in a chain of selectors (>>)'
    else if (character === '/' && literal[at + 1] === '*') state.mistake = 'is beside a comment'
    else readPlain(character, state)
  }
}

function readQuoted(character: string, state: State): void {
  if (character !== state.quote) return
  state.quote = undefined
  state.last = character
  if (state.attribute !== undefined) state.attribute = 'after'
}

function readPlain(character: string, state: State): void {
  if (character === '"' || character === "'") state.quote = character
  else if (state.attribute !== undefined) readAttribute(character, state)
  else if (character === '[') state.attribute = 'name'
  else if (character === '(') state.calls.push(state.word.toLowerCase())
  else if (character === ')') state.calls.pop()
  readRun(character, state)
  if (!/\s/.test(character)) state.last = character
}

function readRun(character: string, state: State): void {
  if (character === '.' || character === '#') state.run = 'name'
  else if (!nameCharacter.test(character)) state.run = 'other'
  if (nameCharacter.test(character)) state.word += character
  else state.word = ''
}

function readAttribute(character: string, state: State): void {
  if (character === ']') state.attribute = undefined
  else if (character === '=') state.attribute = 'value'
  else if (/\s/.test(character)) state.attribute = state.attribute === 'bare' ? 'after' : state.attribute
  else if (state.attribute === 'value') state.attribute = 'bare'
}
