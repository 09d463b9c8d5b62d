/** Every text with expressions: whether they are ones, whether they can stand there, and what they read. They are read in a thread: the text is of others. */
import type { Seen } from '../core/adapter.ts'
import { readExpressions } from '../core/expression.ts'
import { readMark } from '../core/expressions/optional.ts'
import type { ReadText } from '../core/expressions/protocol.ts'
import { splitHoles } from '../core/holes.ts'
import type { JsonObject } from '../core/types.ts'
import { type Text, textsWithExpressions } from './expressions.ts'
import { type Finding, type Path, type Report, valueError } from './issue.ts'
import { checkNames } from './names.ts'

/** A place of which the adapter says that expressions can stand there. */
export interface Claim {
  readonly path: Path
  readonly seen: Seen
  /** The input schema of the action. */
  readonly input: JsonObject
}

/** The places that the adapter claimed in the actions that it has read. */
export interface Claims {
  /** The keys that take expressions, for people; undefined: the adapter does not tell its places. */
  readonly templates: string | undefined
  readonly actions: ReadonlySet<string>
  readonly places: readonly Claim[]
}

interface Checking {
  readonly raw: JsonObject
  readonly claims: Claims
  readonly findings: readonly Finding[]
  readonly report: Report
}

export async function checkTexts({ raw, claims, findings, report }: Checking): Promise<void> {
  const texts = textsWithExpressions(raw).map(text => ({ ...text, sources: [...new Set(splitHoles(text.text).expressions)] }))
  const conditions = claims.places.flatMap(({ seen }) => seen.asked ?? []).flatMap(text => splitHoles(text).expressions)
  const read = await readExpressions(new Set([...texts.flatMap(({ sources }) => sources), ...conditions]))
  const mistaken = findings.filter(({ severity }) => severity === 'error').map(({ path }) => path)
  const placed = byPlace(claims.places)
  for (const { path, text, sources } of texts) {
    const wrong = sources.flatMap(source => read.get(source)?.mistake ?? [])
    for (const mistake of wrong) report(valueError(path, mistake))
    const here = placed(path)
    if (here.length === 0) checkPlace({ path, text }, { claims, mistaken, report })
    for (const claim of here) for (const source of sources) checkExpression({ path, source, claim, read, report })
  }
}

/** The claims at a path: of what is above it and what is below it. */
function byPlace(claims: readonly Claim[]): (path: Path) => readonly Claim[] {
  const known = new Map<string, Claim[]>()
  const add = (key: string, claim: Claim) => known.set(key, [...(known.get(key) ?? []), claim])
  for (const claim of claims) for (let end = claim.path.length; end > 0; end--) add(JSON.stringify(claim.path.slice(0, end)), claim)
  return path => {
    const below = known.get(JSON.stringify(path))
    if (below !== undefined) return below
    for (let end = path.length - 1; end > 0; end--) {
      const above = known.get(JSON.stringify(path.slice(0, end)))?.filter(claim => claim.path.length === end) ?? []
      if (above.length > 0) return above
    }
    return []
  }
}

interface Placing {
  readonly claims: Claims
  /** Where there is a mistake already. */
  readonly mistaken: readonly Path[]
  readonly report: Report
}

/** Schemas and the words for people are no templates and may hold what they like. */
const plain: ReadonlySet<string> = new Set(['schema', 'data'])

function checkPlace({ path, text }: Text, { claims, mistaken, report }: Placing): void {
  const { templates, actions } = claims
  if (templates === undefined || splitHoles(text).expressions.length === 0) return
  const [part, name] = path
  const isRead = part === 'target' ? name !== 'url' && name !== 'egress' && actions.size > 0 : actions.has(String(name))
  if (!isRead || path.some(step => plain.has(String(step)))) return
  const isTold = mistaken.some(at => at.length > 3 && at.every((step, index) => step === path[index]))
  if (!isTold) report(valueError(path, `takes no {{ … }}: the text would be used as it stands here; expressions work in ${templates}`))
}

interface Reading {
  readonly path: Path
  readonly source: string
  readonly claim: Claim
  readonly read: ReadonlyMap<string, ReadText>
  readonly report: Report
}

function checkExpression({ path, source, claim, read, report }: Reading): void {
  const { uses } = read.get(source) ?? {}
  if (uses === undefined) return
  const { seen, input } = claim
  const asked = (seen.asked ?? []).flatMap(text => splitHoles(text).expressions).flatMap(each => read.get(each)?.uses?.reads ?? [])
  const { optional } = readMark(source)
  checkNames({ path, source, optional, uses, input, seen, asked: asked.map(each => each.path), report })
}
