/** Other spellings of a text that a program makes and undoes again: base64 at each of its three places, hexadecimal, character codes. */

/** Shorter ones stand by chance in many a text. */
const shortest = 5
/** The longest text that is spelled, in UTF-16 units; nobody spells a longer one to carry a secret away. */
const longest = 1_024

/** Spellings that a program makes without meaning to hide the text. */
export function usualSpellings(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  return text.length > longest ? [] : long([...[0, 1, 2].map(before => base64Core(bytes, before)), bytes.toString('hex')])
}

export function spellings(text: string): readonly string[] {
  const spelled = new Set([text, text.toLowerCase(), text.toUpperCase(), text.trim()])
  const all = [...spelled].flatMap(each => [...usualSpellings(each), [...Buffer.from(each)].join('')])
  return text.length > longest ? [] : long([...new Set(all)])
}

const long = (texts: readonly string[]): readonly string[] => texts.filter(each => each.replace(/[^a-z0-9]/gi, '').length >= shortest)

/** The part of the base64 that stays the same whatever stands around: `before` other bytes, then these, then any. */
function base64Core(bytes: Buffer, before: number): string {
  const whole = Buffer.concat([Buffer.alloc(before), bytes])
  return whole.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6))
}
