/** The YAML tree → plain JSON and the place of everything; refuses what would surprise. */
import { type Alias, type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { isDecimal, isExact } from '../core/decimal.ts'
import type { Json } from '../core/types.ts'
import { type Finding, keyError, type Path, valueError } from './issue.ts'

/** Offsets of a key and of its value; list items and the root have the same for both. */
export interface Spot {
  readonly key: number
  readonly value: number
  readonly members: ReadonlyMap<string | number, Spot>
}

export interface Walked {
  /** Undefined when it was too much. */
  readonly value: Json | undefined
  readonly root: Spot
  readonly findings: readonly Finding[]
}

export const depthLimit = 64
/** After aliases are expanded. */
const nodeLimit = 50_000
const trustedNodeLimit = 5_000_000
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/** Control characters but tab and line ends; what turns the direction of text, or can not be seen. */
const hidden = /(?![\t\n\r])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

/** Thrown to leave the walk at once: the rest is not worth reading. */
class TooMuch extends Error {}

interface Walk {
  readonly mostNodes: number
  readonly findings: Finding[]
  readonly anchors: Map<string, Node>
  /** How many aliases are being expanded: anchors count where they are written. */
  expanding: number
  nodes: number
}

interface Step {
  readonly path: Path
  readonly keyOffset: number
}

type Read = { readonly value: Json; readonly spot: Spot }

export function walk(document: Document, trusted = false): Walked {
  const state: Walk = { mostNodes: trusted ? trustedNodeLimit : nodeLimit, findings: [], anchors: new Map(), expanding: 0, nodes: 0 }
  const empty: Spot = { key: 0, value: 0, members: new Map() }
  try {
    const { value, spot } = readNode(state, document.contents as Node | null, { path: [], keyOffset: rangeStart(document) })
    return { value, root: spot, findings: state.findings }
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    return { value: undefined, root: empty, findings: state.findings }
  }
}

const rangeStart = ({ contents }: Document): number => (contents as Node | null)?.range?.[0] ?? 0

function readNode(state: Walk, node: Node | null, step: Step): Read {
  guard(state, step)
  if (isAlias(node)) return readAlias(state, node, step)
  if (node?.anchor !== undefined && state.expanding === 0) state.anchors.set(node.anchor, node)
  if (isMap(node)) return readMap(state, node, step)
  if (isSeq(node)) return readList(state, node, step)
  const offset = node?.range?.[0] ?? step.keyOffset
  const spot = { key: step.keyOffset, value: offset, members: new Map() }
  return { value: isScalar(node) ? readScalar(state, node, step.path) : null, spot }
}

/** The library's own `resolve` searches the whole document each time. A cycle ends at the depth limit. */
function readAlias(state: Walk, { source, range }: Alias, step: Step): Read {
  const meant = state.anchors.get(source)
  if (meant === undefined) {
    const message = `no anchor &${source} stands before *${source}: define it first, or put the text in quotes`
    state.findings.push(atOffset(step.path, range?.[0] ?? step.keyOffset, message))
    return { value: null, spot: { key: step.keyOffset, value: step.keyOffset, members: new Map() } }
  }
  state.expanding += 1
  const read = readNode(state, meant, step)
  state.expanding -= 1
  return read
}

function guard(state: Walk, { path }: Step): void {
  state.nodes += 1
  const message =
    path.length > depthLimit
      ? `nested too deeply: ${depthLimit} levels are the limit`
      : state.nodes > state.mostNodes
        ? `the file is too large once its aliases are expanded: ${state.mostNodes} values are the limit`
        : undefined
  if (message === undefined) return
  state.findings.push(keyError(path.slice(0, 3), message))
  throw new TooMuch()
}

function readList(state: Walk, node: YAMLSeq, step: Step): Read {
  const members = new Map<number, Spot>()
  const value = node.items.map((item, index) => {
    const offset = (isPair(item) ? undefined : (item as Node | null)?.range?.[0]) ?? step.keyOffset
    const read = readNode(state, item as Node | null, { path: [...step.path, index], keyOffset: offset })
    members.set(index, read.spot)
    return read.value
  })
  return { value, spot: { key: step.keyOffset, value: node.range?.[0] ?? step.keyOffset, members } }
}

function readMap(state: Walk, node: YAMLMap, step: Step): Read {
  const members = new Map<string, Spot>()
  const value: Record<string, Json> = {}
  for (const pair of node.items) {
    const key = readKey(state, pair, step)
    if (key === undefined) continue
    const path = [...step.path, key.name]
    if (members.has(key.name)) {
      // The place of the second one: the first is still the value, and its place is known.
      state.findings.push(atOffset(path, key.offset, `stands twice: keep one of the two`))
      continue
    }
    const read = readNode(state, pair.value as Node | null, { path, keyOffset: key.offset })
    members.set(key.name, read.spot)
    value[key.name] = read.value
  }
  return { value, spot: { key: step.keyOffset, value: node.range?.[0] ?? step.keyOffset, members } }
}

function readKey(state: Walk, pair: Pair, step: Step): { name: string; offset: number } | undefined {
  const node = pair.key as Node | null
  const offset = node?.range?.[0] ?? step.keyOffset
  const refuse = (message: string): undefined => {
    state.findings.push(atOffset(step.path, offset, message))
    return undefined
  }
  if (!isScalar(node)) return refuse('a key must be plain text: do not use a list, a mapping or an alias as a key')
  const name = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
  if (name === '<<') return refuse('merge keys (<<) are not read here: write the keys out')
  if (forbiddenKeys.has(name)) return refuse(`${name} can not be a key: choose another name`)
  if (hidden.test(name) || !name.isWellFormed()) return refuse(`the key ${JSON.stringify(name)} holds ${hiddenIn(name)}: remove it`)
  return { name, offset }
}

function readScalar(state: Walk, node: Node & { value: unknown; source?: string }, path: Path): Json {
  const { value, source = '' } = node
  const refuse = (message: string): void => void state.findings.push(valueError(path, message))
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(`${source} is not a number that JSON knows: write a number or put it in quotes`)
    else if (/^[-+]?0[0-9]+$/.test(source)) refuse(`${source} would be read as the number ${value}: write "${source}" in quotes`)
    else if (Number.isInteger(value) && !Number.isSafeInteger(value))
      refuse(`${source} is too large to be exact as a number: write "${source}" in quotes`)
    else if (isDecimal(source) && !isExact(source)) refuse(`${source} has more digits than a number keeps: write "${source}" in quotes`)
  }
  if (typeof value === 'string' && (hidden.test(value) || !value.isWellFormed())) refuse(`holds ${hiddenIn(value)}: remove it`)
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value
  refuse(`is not JSON: remove the tag, or put the text in quotes`)
  return null
}

function hiddenIn(text: string): string {
  const found = hidden.exec(text)?.[0]
  if (found === undefined) return 'half of a character (a lone surrogate)'
  const code = found.codePointAt(0) ?? 0
  return `the hidden character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** A finding whose place is known already: keys that are left out have no spot. */
function atOffset(path: Path, offset: number, message: string): Finding & { readonly offset: number } {
  return { ...keyError(path, message), offset }
}
