/**
 * A document of JSON as YAML, for people to read. A library's writer takes seconds for a thousand actions, in which nobody else is
 * served; this one writes what JSON can hold and no more: text that could be anything else stands in quotes, as in JSON.
 */
import type { Json, JsonObject } from '../core/types.ts'

export function writeYaml(document: JsonObject): string {
  const lines: string[] = []
  writeMembers(document, '', { lines, first: '' })
  seen.clear()
  return `${lines.join('\n')}\n`
}

interface Out {
  readonly lines: string[]
  /** What stands before the first line in place of its indentation: the dash of a list. */
  readonly first: string
}

function writeMembers(value: JsonObject, pad: string, { lines, first }: Out): void {
  let start = first === '' ? pad : first
  for (const [name, member] of Object.entries(value)) {
    // Nothing stands for what JSON leaves out.
    if (member === undefined) continue
    writeNode(member, { lines, head: `${start}${scalar(name)}:`, pad: `${pad}  `, listPad: pad })
    start = pad
  }
}

interface Node {
  readonly lines: string[]
  /** The line so far. */
  readonly head: string
  /** Of the members of an object in it. */
  readonly pad: string
  /** Of its dashes, when it is a list. */
  readonly listPad: string
}

function writeNode(value: Json, { lines, head, pad, listPad }: Node): void {
  if (typeof value !== 'object' || value === null)
    lines.push(`${head} ${typeof value === 'string' ? scalar(value) : JSON.stringify(value)}`)
  else if (Array.isArray(value)) {
    if (value.length === 0) lines.push(`${head} []`)
    else {
      lines.push(head)
      for (const item of value) writeItem(item, { lines, pad: `${listPad}  ` })
    }
  } else if (isEmpty(value as JsonObject)) lines.push(`${head} {}`)
  else {
    lines.push(head)
    writeMembers(value as JsonObject, pad, { lines, first: '' })
  }
}

function writeItem(item: Json, { lines, pad }: { readonly lines: string[]; readonly pad: string }): void {
  const dash = `${pad}- `
  if (typeof item === 'object' && item !== null && !Array.isArray(item) && !isEmpty(item as JsonObject))
    writeMembers(item as JsonObject, `${pad}  `, { lines, first: dash })
  else writeNode(item, { lines, head: `${pad}-`, pad: `${pad}  `, listPad: `${pad}  ` })
}

function isEmpty(value: JsonObject): boolean {
  for (const name in value) if (value[name] !== undefined) return false
  return true
}

/** Words and paths: nothing that YAML, of any version, reads as another type or as a sign of its own. */
const plain = /^[A-Za-z/_][\w/.,()'+-]*(?: [\w/.,()'+][\w/.,()'+-]*)*$/
const words: ReadonlySet<string> = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n'])
/** What JSON writes as it is and YAML does not let stand. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

/** Names and words come again and again; what was seen of them is forgotten with the document. */
const seen = new Map<string, string>()
const shortText = 64

function scalar(text: string): string {
  if (text.length > shortText) return written(text)
  const known = seen.get(text)
  if (known !== undefined) return known
  const made = written(text)
  seen.set(text, made)
  return made
}

const written = (text: string): string =>
  plain.test(text) && !words.has(text.toLowerCase())
    ? text
    : JSON.stringify(text).replaceAll(unprintable, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
