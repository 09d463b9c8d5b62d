/** YAML text → plain JSON, guarded, with a place for every value. */

import { Lexer, LineCounter, parseDocument, type YAMLError } from 'yaml'
import { own } from '../core/own.ts'
import type { Json } from '../core/types.ts'
import { type Compiled, placeKey } from './compiled.ts'
import type { Finding, Place } from './issue.ts'
import { depthLimit, type Spot, walk } from './walk.ts'

export interface SourceDocument {
  /** Undefined when the text could not be read at all. */
  readonly value: Json | undefined
  readonly findings: readonly Finding[]
  /** Mistakes of the text itself, which have no path. */
  readonly syntax: readonly { readonly line: number; readonly column: number; readonly message: string }[]
  position(place: Place): { readonly line: number; readonly column: number }
}

const sizeLimit = 1024 * 1024
/** Files that an operator put there: imported services have thousands of types. */
export const trustedSizeLimit = 32 * 1024 * 1024
/** What the parser needs time for: a manifest of 1,000 lines has about 10,000. */
const tokenLimit = 75_000
const trustedTokenLimit = 16_000_000
const syntaxLimit = 20

const remedies: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  MULTIPLE_DOCS: 'a file holds one manifest: remove the line ---',
  BLOCK_AS_IMPLICIT_KEY:
    'a second ": " stands in this line, or the line is indented too far: put the text in quotes, or correct the indentation',
  MISSING_CHAR: 'a closing quote, a comma or a colon is missing here',
  BAD_INDENT: 'the line is not indented like its neighbours: use the same number of spaces',
  UNEXPECTED_TOKEN: 'this does not belong here: put the text in quotes, or remove it',
  BAD_ALIAS: 'no anchor of this name stands before: define it with &name first, or put the text in quotes',
  DUPLICATE_KEY: 'the key stands twice: keep one',
  RESOURCE_EXHAUSTION: 'it is nested too deeply: 64 levels are the limit'
}

export function readDocument(source: string, trusted = false): SourceDocument {
  const refused = refuseUnread(source, trusted)
  if (refused !== undefined) return unread([{ line: 1, column: 1, message: refused }])
  const lines = new LineCounter()
  const document = parseDocument(source, {
    uniqueKeys: false,
    merge: false,
    schema: 'core',
    lineCounter: lines,
    prettyErrors: false,
    strict: true
  })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const all = [...document.errors, ...document.warnings].slice(0, syntaxLimit)
  // After that one, the parser only stumbles.
  const exhausted = all.find(mistake => mistake.code === 'RESOURCE_EXHAUSTION')
  const mistakes = exhausted === undefined ? all : [exhausted]
  if (mistakes.length > 0) return unread(mistakes.map(mistake => ({ ...at(mistake.pos[0]), message: explain(mistake) })))
  if (document.directives?.docStart === true && document.directives.yaml.version === '1.1')
    return unread([{ line: 1, column: 1, message: 'YAML 1.1 reads yes, no and on as booleans: remove the line %YAML 1.1' }])
  const { value, root, findings } = walk(document, trusted)
  return { value, findings, syntax: [], position: place => at(place.offset ?? offsetOf(root, place)) }
}

export const tooLarge = (mostBytes: number): string => `the file is larger than ${mostBytes / 1024 / 1024} MiB: split it into several bots`

/** Before the parser sees it: the parser needs much more time than this, and recurses. */
function refuseUnread(source: string, trusted: boolean): string | undefined {
  const mostTokens = trusted ? trustedTokenLimit : tokenLimit
  const mostBytes = trusted ? trustedSizeLimit : sizeLimit
  if (Buffer.byteLength(source) > mostBytes) return tooLarge(mostBytes)
  if (source.trim() === '') return 'the file is empty: write at least bot, version, title, adapter, target and actions'
  let tokens = 0
  let depth = 0
  let previous = ''
  for (const token of new Lexer().lex(source)) {
    // After the scalar mark comes text, whatever it looks like.
    if (previous !== scalarMark) depth += own(brackets, token) ?? 0
    previous = token
    if (depth > depthLimit) return `nested too deeply: ${depthLimit} levels are the limit`
    if (++tokens > mostTokens) return 'the file has too many parts: split it into several bots'
  }
  return undefined
}

/** The lexer's own sign that a scalar follows. */
const scalarMark = '\u001f'
const brackets: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 }

const unread = (syntax: SourceDocument['syntax']): SourceDocument => ({
  value: undefined,
  findings: [],
  syntax,
  position: () => ({ line: 1, column: 1 })
})

function explain({ code, message }: YAMLError): string {
  if (code === 'TAG_RESOLVE_FAILED') return `tags such as !!binary or !name are not read here: remove it (${message})`
  const remedy = remedies[code]
  return `not valid YAML: ${remedy ?? message}${remedy === undefined || code === 'RESOURCE_EXHAUSTION' ? '' : ` (${message.replaceAll(/\s+/g, ' ')})`}`
}

/** A manifest whose values are known already: its text is read only when somebody asks for a place that is not. */
export function knownDocument(source: string, { value, places }: Compiled): SourceDocument {
  let read: SourceDocument | undefined
  const position = (place: Place) => {
    const known = own(places, placeKey(place))
    if (known !== undefined) return { line: known[0], column: known[1] }
    read ??= readDocument(source, true)
    return read.position(place)
  }
  return { value, findings: [], syntax: [], position }
}

/** As deep as the path leads: a missing key is reported at the key of its parent. */
function offsetOf(root: Spot, { path, on }: Place): number {
  let spot = root
  for (const [index, step] of path.entries()) {
    const next = spot.members.get(step)
    if (next === undefined) return spot.key
    if (index === path.length - 1) return on === 'key' ? next.key : next.value
    spot = next
  }
  return on === 'key' ? spot.key : spot.value
}
