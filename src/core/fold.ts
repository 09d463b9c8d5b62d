/** Text as a person compares it: two texts that look alike to a reader fold to the same one. */

export interface Folded {
  /** UTF-16 units of the folded text. */
  readonly units: Uint16Array
  /** For each of them: the offset in the original text at which its character begins. */
  readonly starts: Uint32Array
}

/** Nothing that a reader would miss: controls, format characters, spaces, punctuation, symbols, accents, all that shows as nothing. */
const ignored = /[\p{C}\p{Z}\p{P}\p{S}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]/gu

/** Upper case first: ß and SS are the same, and so are σ and ς. */
const foldedCharacter = (character: string): string =>
  character.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD').replace(ignored, '')

const known = new Map<number, string>()
const mostKnown = 20_000

function foldedCode(code: number): string {
  const before = known.get(code)
  if (before !== undefined) return before
  const folded = foldedCharacter(String.fromCodePoint(code))
  if (known.size >= mostKnown) known.clear()
  known.set(code, folded)
  return folded
}

/** The folded unit of each ASCII character, 0 for none. */
const ascii = Uint16Array.from({ length: 128 }, (_, code) => foldedCharacter(String.fromCharCode(code)).charCodeAt(0) || 0)

/** Compatibility forms, case and accents are evened out, and what is neither letter nor digit is left out. In linear time. */
export function fold(text: string): Folded {
  let units = new Uint16Array(text.length + 32)
  let starts = new Uint32Array(text.length + 32)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0
    if (length + 32 > units.length) {
      units = larger(units, new Uint16Array(units.length * 2))
      starts = larger(starts, new Uint32Array(starts.length * 2))
    }
    if (code < 128) {
      const unit = ascii[code] ?? 0
      units[length] = unit
      starts[length] = at
      if (unit !== 0) length++
      continue
    }
    const folded = foldedCode(code)
    for (let index = 0; index < folded.length; index++) {
      units[length] = folded.charCodeAt(index)
      starts[length++] = at
    }
    if (code > 0xffff) at++
  }
  return { units: units.subarray(0, length), starts: starts.subarray(0, length) }
}

function larger<T extends Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** The offset behind the character that begins there. */
export const endOf = (text: string, start: number): number => start + ((text.codePointAt(start) ?? 0) > 0xffff ? 2 : 1)

/** How many characters of the text a reader would compare. */
export const significant = ({ starts }: Folded): number =>
  starts.reduce((count, start, at) => count + (start === starts[at - 1] ? 0 : 1), 0)
