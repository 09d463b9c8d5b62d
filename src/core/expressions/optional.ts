/** `{{ optional input.memo }}`: an expression that may give nothing. */

export interface Marked {
  /** The expression itself. */
  readonly source: string
  readonly optional: boolean
}

/** In JSONata no name, variable, text or bracket stands directly after a name: so the word can mean nothing else. */
const mark = /^\s*optional\s+(?!(?:and|or|in)\b)(?=[\w$"'`(\u03bb])/

export function readMark(text: string): Marked {
  const found = mark.exec(text)
  return found === null ? { source: text, optional: false } : { source: text.slice(found[0].length), optional: true }
}
