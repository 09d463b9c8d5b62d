/** Mistakes in selectors that show without a browser. */

/** The mistake in a CSS selector or XPath expression; undefined when none shows. */
export function selectorMistake(way: string, text: string): string | undefined {
  if (way !== 'css' && way !== 'xpath') return undefined
  const open = unbalanced(text, way === 'css')
  if (open !== undefined) return `${way} "${text}": ${open}`
  return way === 'css' ? cssMistake(text) : xpathMistake(text)
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']' }

function unbalanced(text: string, escapes: boolean): string | undefined {
  const open: string[] = []
  let quote: string | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (escapes && character === '\\') at++
    else if (quote !== undefined) quote = character === quote ? undefined : quote
    else if (character === '"' || character === "'") quote = character
    else if (character in closing) open.push(closing[character] ?? '')
    else if ((character === ')' || character === ']') && open.pop() !== character)
      return `"${character}" at character ${at + 1} closes nothing`
  }
  if (quote !== undefined) return `a quote (${quote}) is not closed`
  return open.length > 0 ? `"${open.at(-1)}" is missing` : undefined
}

const withoutStrings = (text: string): string => text.replace(/\\./g, 'x').replace(/"[^"]*"|'[^']*'/g, '""')

function cssMistake(text: string): string | undefined {
  const bare = withoutStrings(text).trim()
  if (bare.startsWith('//') || bare.startsWith('xpath=')) return `css "${text}": this looks like XPath: write xpath`
  if (/^[,+~]|[,>+~]$|,\s*,|[>+~]\s*[>+~,]/.test(bare)) return `css "${text}": a selector is missing beside a combinator`
  if (/\[\s*\]|[.#](?![\w\-\u0080-\uffff\\])|:(?![\w:-])|[{};@!%&]/.test(bare.replace(/\[[^[\]]+\]/g, '')) || /\[\s*\]/.test(bare))
    return `css "${text}" is not a CSS selector`
  return undefined
}

function xpathMistake(text: string): string | undefined {
  const bare = withoutStrings(text)
    .trim()
    .replace(/^xpath=/, '')
  if (!/^[/(.*@\w]/.test(bare) || /\/{3,}|\/$|\[\s*\]|[#{};!](?!=)/.test(bare)) return `xpath "${text}" is not an XPath expression`
  return undefined
}
