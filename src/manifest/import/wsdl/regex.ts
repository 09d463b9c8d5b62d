/** XSD regular expressions → those of RE2, which a schema's `pattern` is. */
import { compileSchema, newAjv } from '../../../core/schema.ts'

const classes: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '\\p{L}\\p{N}\\p{M}\\p{S}',
  s: ' \\t\\n\\r',
  i: 'A-Za-z_:\\u00c0-\\uffff',
  c: 'A-Za-z0-9_:.\\-\\u00b7-\\uffff'
}
const literal: ReadonlySet<string> = new Set('\\|.-^?*+{}()[]$')
const mostRepeats = 1_000

const ajv = newAjv()
const known = new Map<string, string | undefined>()

/** Undefined: it can not be said in RE2. */
export function toPattern(source: string): string | undefined {
  if (known.size > 5_000) known.clear()
  if (!known.has(source)) known.set(source, convert(source))
  return known.get(source)
}

function convert(source: string): string | undefined {
  // Authors mean anchors; to XSD they are letters that no value has.
  const text = source.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  const repeats = [...text.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) => Number(most || least))
  if (repeats.reduce((sum, each) => sum + each, 0) > mostRepeats) return undefined
  const translated = translate(text)
  if (translated === undefined) return undefined
  const pattern = `^(?:${translated})$`.replace(/^\^\(\?:([^|()]*)\)\$$/, '^$1$')
  try {
    compileSchema({ type: 'string', pattern }, ajv)
    return pattern.length > 900 ? undefined : pattern
  } catch {
    return undefined
  }
}

function translate(text: string): string | undefined {
  let out = ''
  let inClass = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string
    if (char === '\\') {
      const escaped = readEscape(text, at, inClass)
      if (escaped === undefined) return undefined
      out += escaped.text
      at = escaped.last
    } else if (inClass && char === '-' && text[at + 1] === '[') return undefined
    else if (inClass && char === '[') out += '\\['
    else if (!inClass && (char === '^' || char === '$')) out += `\\${char}`
    else {
      if (char === '[') inClass = true
      if (char === ']') inClass = false
      out += char
      if (char === '[' && text[at + 1] === '^') {
        out += '^'
        at += 1
      }
    }
  }
  return out
}

function readEscape(text: string, at: number, inClass: boolean): { text: string; last: number } | undefined {
  const next = text[at + 1]
  if (next === undefined) return undefined
  if (next === 'p' || next === 'P') {
    const end = text.indexOf('}', at)
    const name = text.slice(at + 3, end)
    return end === -1 || name.startsWith('Is') ? undefined : { text: `\\${next}{${name}}`, last: end }
  }
  const members = Object.hasOwn(classes, next) ? classes[next] : undefined
  if (members !== undefined) return { text: inClass ? members : `[${members}]`, last: at + 1 }
  const negated = Object.hasOwn(classes, next.toLowerCase()) ? classes[next.toLowerCase()] : undefined
  if (negated !== undefined) return inClass ? undefined : { text: `[^${negated}]`, last: at + 1 }
  // Outside a class, others' engines refuse it with a backslash.
  if (next === '-' && !inClass) return { text: '-', last: at + 1 }
  if ('ntr'.includes(next) || literal.has(next)) return { text: `\\${next}`, last: at + 1 }
  return { text: next, last: at + 1 }
}
