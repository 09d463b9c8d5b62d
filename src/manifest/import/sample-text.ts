/** A text that a regular expression accepts. Patterns are those that the importer writes: RE2 without look-around. */

import { compilePattern, type Pattern } from '../../core/schema.ts'

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'class'; readonly pick: string }
  | { readonly kind: 'seq'; readonly parts: readonly Node[] }
  | { readonly kind: 'alt'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

interface Reader {
  readonly text: string
  at: number
}

/** By RE2: a pattern of a stranger's file may take for ever elsewhere. */
export function compiled(pattern: string): Pattern | undefined {
  try {
    return compilePattern(pattern)
  } catch {
    return undefined
  }
}

/** Undefined: none was found. `extra`: how much longer than the shortest. */
export function sampleText(
  pattern: string,
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: { minLength?: number; maxLength?: number }
): string | undefined {
  let node: Node
  const check = compiled(pattern)
  try {
    node = readAlternatives({ text: pattern, at: 0 })
  } catch {
    return undefined
  }
  if (check === undefined) return undefined
  for (const extra of [0, 1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 300, 1_000])
    for (let branch = 0; branch < 4; branch += 1) {
      const text = write(node, extra, branch)
      if (text.length >= minLength && text.length <= maxLength && check.test(text)) return text
    }
  return undefined
}

function write(node: Node, extra: number, branch: number): string {
  if (node.kind === 'text') return node.text
  if (node.kind === 'class') return node.pick
  if (node.kind === 'seq') return node.parts.map(part => write(part, extra, branch)).join('')
  if (node.kind === 'alt') return write(node.parts[branch % node.parts.length] as Node, extra, branch)
  return write(node.part, extra, branch).repeat(Math.min(node.max, node.min + (branch > 1 && node.min === 0 ? 0 : extra)))
}

function readAlternatives(reader: Reader): Node {
  const parts: Node[] = [readSequence(reader)]
  while (reader.text[reader.at] === '|') {
    reader.at += 1
    parts.push(readSequence(reader))
  }
  return parts.length === 1 ? (parts[0] as Node) : { kind: 'alt', parts }
}

function readSequence(reader: Reader): Node {
  const parts: Node[] = []
  while (reader.at < reader.text.length && reader.text[reader.at] !== '|' && reader.text[reader.at] !== ')') parts.push(readRepeat(reader))
  return { kind: 'seq', parts }
}

function readRepeat(reader: Reader): Node {
  const part = readAtom(reader)
  const rest = reader.text.slice(reader.at)
  const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(rest)
  const simple = { '*': [0, Number.POSITIVE_INFINITY], '+': [1, Number.POSITIVE_INFINITY], '?': [0, 1] }[rest[0] ?? '']
  if (counted === null && simple === undefined) return part
  reader.at += counted === null ? 1 : counted[0].length
  const min = counted === null ? (simple?.[0] ?? 0) : Number(counted[1])
  const max =
    counted === null
      ? (simple?.[1] ?? 1)
      : counted[2] === undefined
        ? min
        : counted[3] === ''
          ? Number.POSITIVE_INFINITY
          : Number(counted[3])
  return { kind: 'repeat', part, min, max }
}

function readAtom(reader: Reader): Node {
  const char = reader.text[reader.at] as string
  reader.at += 1
  if (char === '^' || char === '$') return { kind: 'text', text: '' }
  if (char === '.') return { kind: 'class', pick: 'a' }
  if (char === '[') return { kind: 'class', pick: readClass(reader) }
  if (char === '\\') return { kind: 'class', pick: readEscape(reader) }
  if (char !== '(') return { kind: 'text', text: char }
  if (reader.text.startsWith('?:', reader.at)) reader.at += 2
  const inner = readAlternatives(reader)
  reader.at += 1
  return inner
}

const picks: Readonly<Record<string, string>> = { d: '1', w: 'a', s: ' ', n: '\n', t: '\t', r: '\r', D: 'a', W: '-', S: 'a' }

function readEscape(reader: Reader): string {
  const char = reader.text[reader.at] as string
  reader.at += 1
  if (char === 'u') {
    reader.at += 4
    return String.fromCharCode(Number.parseInt(reader.text.slice(reader.at - 4, reader.at), 16))
  }
  if (char === 'p' || char === 'P') {
    const end = reader.text.indexOf('}', reader.at)
    const name = reader.text.slice(reader.at + 1, end)
    reader.at = end + 1
    return char === 'P'
      ? '-'
      : name.startsWith('N')
        ? '1'
        : name === 'Lu'
          ? 'A'
          : name.startsWith('L')
            ? 'a'
            : name.startsWith('Z')
              ? ' '
              : '-'
  }
  return picks[char] ?? char
}

/** One member of the class; of a negated one, a letter or digit that it does not name. */
function readClass(reader: Reader): string {
  const start = reader.at - 1
  const negated = reader.text[reader.at] === '^'
  if (negated) reader.at += 1
  const members: string[] = []
  while (reader.text[reader.at] !== ']' || members.length === 0) {
    const char = reader.text[reader.at]
    if (char === undefined) throw new Error('the class does not end')
    reader.at += 1
    members.push(char === '\\' ? readEscape(reader) : char)
  }
  reader.at += 1
  const source = reader.text.slice(start, reader.at)
  const test = new RegExp(`^${source}$`, 'u')
  return ['a', 'A', '1', '0', ...members, 'b', '-', ' '].find(char => test.test(char)) ?? members[0] ?? 'a'
}
