/** CSS selectors with holes: a value is a string or a name there, and never syntax. */
import { compileEncoded, type Encode, ExpressionError, type Holes, type Scope } from '../../src/index.ts'
import { type CssPosition, cssPositions } from './css-positions.ts'
import { encoding, notBlank, Unfit } from './refusal.ts'

/** Throws ExpressionError where a hole stands for a piece of the selector itself. */
export function compileCss(text: string): (scope: Scope) => Promise<string> {
  let positions: readonly CssPosition[] | undefined
  return compileEncoded(text, (index, holes) => {
    positions ??= cssPositions(holes)
    return encoderFor(positions[index], index, holes)
  })
}

function encoderFor(position: CssPosition | undefined, index: number, holes: Holes): Encode {
  const known = position === undefined || typeof position === 'object' ? undefined : encoders[position]
  if (known !== undefined) return encoding(holes, index, known)
  const why = typeof position === 'object' ? position.mistake : 'is not where a value can be'
  throw new ExpressionError(
    `{{${holes.expressions[index]}}} ${why}: a value stands within quotes ([data-id="{{ … }}"]), as the value of an attribute, or after # or . as a name; write everything else out`
  )
}

const encoders: Readonly<Record<Extract<CssPosition, string>, (text: string) => string>> = {
  string: cssString,
  search: text => cssString(notBlank(text)),
  value: text => `"${cssString(text)}"`,
  name: cssName,
  number: wholeNumber
}

const escaped = (character: string): string => `\\${character.codePointAt(0)?.toString(16)} `

/** The text between quotes of either kind. */
export function cssString(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would end the string
  return text.replace(/[\u0001-\u001f\u007f"'\\<>]/g, escaped)
}

/** An identifier, or a part of one. */
function cssName(text: string): string {
  if (text === '') throw new Unfit('is empty, and a selector needs a name there')
  return text.replace(/[^A-Za-z0-9_\-\u{80}-\u{10ffff}]|^[0-9-]/gu, escaped)
}

export function wholeNumber(text: string): string {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new Unfit('must be a whole number from 1')
  return text
}
