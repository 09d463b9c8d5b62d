/** Regular expressions of JSONata by RE2: linear in the text, whatever their author wrote. */
import { type Matcher, RE2JS } from 're2js'

/** Characters that `\s` means in JavaScript and not in RE2. */
const spaces = '\\v\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}'
const outside: Readonly<Record<string, string>> = {
  '\\s': `[\\s${spaces}]`,
  '\\S': `[^\\s${spaces}]`,
  '.': '[^\\n\\r\\x{2028}\\x{2029}]'
}
const inside: Readonly<Record<string, string>> = { '\\s': `\\s${spaces}` }

/** The same for RE2: its `\s` and `.` mean fewer characters, or more. */
function widened(pattern: string): string {
  let isInside = false
  return pattern.replace(/\\[\s\S]|[[\].]/g, token => {
    const was = isInside
    if (token === '[') isInside = true
    if (token === ']') isInside = false
    const table = was ? inside : outside
    return table[token] ?? token
  })
}

const compiled = new WeakMap<RegExp, RE2JS>()

/** Throws with what RE2 can not read. */
export function compileRegex(regex: RegExp): RE2JS {
  const known = compiled.get(regex)
  if (known !== undefined) return known
  // The translation takes it for the letter k.
  if (/\\k</.test(regex.source)) throw new Error('a back-reference')
  const flags = `${regex.ignoreCase ? 'i' : ''}${regex.multiline ? 'm' : ''}`
  const made = RE2JS.compile(`${flags === '' ? '' : `(?${flags})`}${widened(RE2JS.translateRegExp(regex.source))}`)
  compiled.set(regex, made)
  return made
}

/** The part of `RegExp` that JSONata uses. */
export class LinearRegex {
  lastIndex = 0
  private readonly regex: RE2JS
  private matched: { readonly text: string; readonly matcher: Matcher } | undefined

  constructor(regex: RegExp) {
    this.regex = compileRegex(regex)
  }

  exec(text: string): (string[] & { index: number }) | null {
    const { matcher } = this.matched?.text === text ? this.matched : { matcher: this.regex.matcher(text) }
    this.matched = { text, matcher }
    if (this.lastIndex > text.length || !matcher.find(this.lastIndex)) {
      this.lastIndex = 0
      return null
    }
    this.lastIndex = matcher.end()
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? undefined)
    return Object.assign(groups as string[], { index: matcher.start() })
  }
}
