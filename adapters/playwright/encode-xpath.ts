/** XPath expressions with holes: a value is a string or a number there, and never syntax. */
import { compileEncoded, type Encode, ExpressionError, type Holes, type Json, type Scope, splitHoles } from '../../src/index.ts'
import { wholeNumber } from './encode-css.ts'
import { encoding, notBlank } from './refusal.ts'

type XpathPosition = 'value' | 'search' | 'number' | { readonly mistake: string }

/** Throws ExpressionError where a hole stands for a piece of the expression itself. */
export function compileXpath(text: string): (scope: Scope) => Promise<string> {
  const { text: opened, positions } = openStrings(splitHoles(text))
  return compileEncoded(opened, (index, holes) => encoderFor(positions[index], index, holes))
}

function encoderFor(position: XpathPosition | undefined, index: number, holes: Holes): Encode {
  if (typeof position === 'string') return encoding(holes, index, encoders[position])
  const why = position?.mistake ?? 'is not where a value can be'
  throw new ExpressionError(
    `{{${holes.expressions[index]}}} ${why}: a value stands within quotes ([.='{{ … }}']), beside an operator, or is the number in [ ]; write everything else out`
  )
}

const encoders: Readonly<Record<Extract<XpathPosition, string>, (text: string, value: Json | undefined) => string>> = {
  value: (text, value) => (typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(text) ? text : xpathLiteral(text)),
  search: text => xpathLiteral(notBlank(text)),
  number: wholeNumber
}

/** XPath 1.0 knows no escapes. No `>>` either, which Playwright takes for the end of the selector. */
export function xpathLiteral(text: string): string {
  const pieces = text.split(/(?<=>)(?=>)/).flatMap(piece => piece.match(/[^']+|'+/g) ?? [])
  const quoted = pieces.map(piece => (piece.startsWith("'") ? `"${piece}"` : `'${piece}'`))
  return quoted.length > 1 ? `concat(${quoted.join(',')})` : (quoted[0] ?? "''")
}

interface Opening {
  text: string
  quote: string | undefined
  /** The text so far of the string that is open. */
  piece: string
  parts: string[]
  readonly calls: string[]
}

/** Strings that hold holes become concat(), so that each hole stands by itself. */
function openStrings({ literals, expressions }: Holes): { readonly text: string; readonly positions: readonly XpathPosition[] } {
  const state: Opening = { text: '', quote: undefined, piece: '', parts: [], calls: [] }
  if (literals.some(literal => literal.includes('>>')))
    return { text: join(literals, expressions), positions: expressions.map(() => ({ mistake: 'is in a chain of selectors (>>)' })) }
  const positions = expressions.map((expression, index): XpathPosition => {
    read(literals[index] ?? '', state)
    const position = positionIn(state, literals[index + 1])
    pass(`{{${expression}}}`, state)
    return position
  })
  read(literals.at(-1) ?? '', state)
  return { text: state.text, positions }
}

const join = (literals: readonly string[], expressions: readonly string[]): string =>
  literals.map((literal, index) => literal + (index < expressions.length ? `{{${expressions[index]}}}` : '')).join('')

function positionIn({ text, quote, calls }: Opening, next = ''): XpathPosition {
  if (quote !== undefined) return searches.has(calls.at(-1) ?? '') ? 'search' : 'value'
  const before = text.trimEnd()
  if (before.endsWith('[') && /^\s*\]/.test(next)) return 'number'
  if (/[=<>(,+]$/.test(before) && /^\s*($|[)\],=!<>+]|(and|or|div|mod)\s)/.test(next))
    return searches.has(calls.at(-1) ?? '') ? 'search' : 'value'
  return { mistake: 'stands for a piece of the expression' }
}

const searches: ReadonlySet<string> = new Set(['contains', 'starts-with'])

function pass(hole: string, state: Opening): void {
  if (state.quote === undefined) state.text += hole
  else {
    closePiece(state)
    state.parts.push(hole)
  }
}

function read(literal: string, state: Opening): void {
  for (const character of literal) {
    if (state.quote === undefined) readPlain(character, state)
    else if (character === state.quote) closeString(state)
    else state.piece += character
  }
}

function readPlain(character: string, state: Opening): void {
  if (character === '(') state.calls.push(/[\w-]{1,64}$/.exec(state.text.slice(-nameLength).trimEnd())?.[0] ?? '')
  else if (character === ')') state.calls.pop()
  if (character === '"' || character === "'") state.quote = character
  else state.text += character
}

/** Longer than any name of a function. */
const nameLength = 40

function closePiece(state: Opening): void {
  if (state.piece !== '') state.parts.push(`${state.quote}${state.piece}${state.quote}`)
  state.piece = ''
}

function closeString(state: Opening): void {
  const whole = state.parts.length === 0
  if (whole && state.piece === '') state.parts.push(`${state.quote}${state.quote}`)
  closePiece(state)
  state.text += whole ? state.parts.join('') : `concat(${state.parts.join(',')},'')`
  state.parts = []
  state.quote = undefined
}
