/** From a manifest to a plan. Every mistake is reported; a bad manifest never boots. */
import { type ActionSource, durationMs, isOptional, type Json, longestTimerMs } from '../../src/index.ts'
import { beginMessage, beginsAtAddress } from './begins.ts'
import { compileGlob } from './glob.ts'
import { compilePlace, type Issue, type Path, template } from './locator.ts'
import { checkExtracted, takesIn } from './names.ts'
import { type CommitRule, type DeclaredCondition, type Login, type Place, type Plan, type Step, scopeOf } from './plan.ts'
import type { LocatorSource, StepSource } from './shape.ts'
import { type KindName, kindNames, kindOf } from './steps/index.ts'
import type { Compiled, Compiler } from './steps/kind.ts'
import { checkBreadth } from './too-broad.ts'
import { isLocale } from './values.ts'

type Sources = readonly Record<string, unknown>[]
interface Part {
  readonly issue: Issue
  readonly locale: string
  readonly timeoutMs: number
  /** Nothing is kept of a run for people. */
  readonly isUnseen: boolean
  /** Takes the fields that are filled. */
  readonly form?: Place[]
  /** Places of the commit steps; absent where none may be. */
  readonly commits?: Path[]
}

interface TargetSource {
  readonly login?: Sources
  readonly ready?: LocatorSource
  readonly signedOff?: LocatorSource
  readonly refused?: LocatorSource
  readonly timeout?: string
  readonly locale?: string
  readonly pool?: { readonly pages?: number; readonly maxUses?: number; readonly maxAge?: string }
}

interface ActSource {
  readonly steps: Sources
  readonly screen?: 'pinned' | 'continue' | 'finish'
  readonly result?: Json
  readonly errors?: Readonly<Record<string, { readonly title?: string; readonly notApplied?: boolean; readonly when?: LocatorSource }>>
  readonly probe?: { readonly steps: Sources; readonly found: string; readonly output?: Json }
}

/** The longest time that a timer of Node, and of Playwright in it, can wait. */
const timerMs = (duration: string): number => Math.min(longestTimerMs, durationMs(duration))

export function compilePlan(source: ActionSource): Plan {
  const target = source.target as unknown as TargetSource
  const action = source.action as unknown as ActSource
  const issue: Issue = Object.assign((path: Path, message: string) => source.issue(path, message), {
    takes: takesIn(source),
    warn: (path: Path, message: string) => source.warn?.(path, message)
  })
  const locale = target.locale ?? 'en'
  if (!isLocale(locale)) issue(['target', 'locale'], `"${locale}" is no locale: write en, de, fr-CH, …`)
  const timeoutMs = timerMs(target.timeout ?? '10s')
  const part: Part = { issue, locale: isLocale(locale) ? locale : 'en', timeoutMs, isUnseen: source.action.evidence === 'none' }
  const commits: Path[] = []
  const steps = compileSteps(action.steps, ['steps'], { ...part, commits })
  checkCommits(commits, source, issue)
  if (action.screen === undefined || action.screen === 'pinned') checkBeginning(action.steps, ['steps', 0], issue)
  checkExtracted(source)
  return {
    login: compileLogin(target, part),
    pool: { pages: target.pool?.pages, maxUses: target.pool?.maxUses ?? 100, maxAgeMs: durationMs(target.pool?.maxAge ?? '30m') },
    timeoutMs,
    errors: compileErrors(action, part),
    steps,
    isAlone: commits.length === 0 && beginsAtAddress(action.steps as readonly StepSource[]),
    result: action.result === undefined ? undefined : template(action.result, ['result'], issue),
    output: source.output,
    probe: compileProbe(action, part)
  }
}

function checkBeginning(steps: Sources, path: Path, issue: Issue): void {
  if (!beginsAtAddress(steps as readonly StepSource[])) issue(path, beginMessage)
}

function checkCommits(commits: readonly Path[], { effect }: ActionSource, issue: Issue): void {
  if (effect === 'read')
    for (const path of commits) issue([...path, 'commit'], 'a read has no commit point: take commit away, or declare effect: write')
  else if (commits.length === 0) issue(['steps'], `a ${effect} action needs commit: true on the one step that has the effect`)
  for (const path of effect === 'read' ? [] : commits.slice(1))
    issue([...path, 'commit'], 'there is a commit point before this one: an action has one')
}

function compileLogin({ login = [], ready, signedOff, refused }: TargetSource, part: Part): Login {
  const [first] = login as readonly StepSource[]
  const path = first?.goto !== undefined && !first.goto.includes('{{') ? new URL(first.goto, 'http://target').pathname : undefined
  const form: Place[] = []
  const place = (source: LocatorSource | undefined, key: string) =>
    source === undefined ? undefined : compilePlace(source, ['target', key], part.issue)
  return {
    steps: compileSteps(login, ['target', 'login'], { ...part, form }),
    path,
    ready: place(ready, 'ready'),
    signedOff: place(signedOff, 'signedOff'),
    refused: place(refused, 'refused'),
    form
  }
}

function compileErrors({ errors = {} }: ActSource, { issue }: Part): DeclaredCondition[] {
  return Object.entries(errors).flatMap(([code, { title = code, notApplied = false, when }]) => {
    const place = when === undefined ? undefined : compilePlace(when, ['errors', code, 'when'], issue)
    return place === undefined ? [] : [{ code, title, notApplied, place }]
  })
}

function compileProbe({ probe }: ActSource, part: Part): Plan['probe'] {
  if (probe === undefined) return undefined
  checkBeginning(probe.steps, ['probe', 'steps', 0], part.issue)
  return {
    steps: compileSteps(probe.steps, ['probe', 'steps'], part),
    found: template(probe.found, ['probe', 'found'], part.issue),
    output: probe.output === undefined ? undefined : template(probe.output, ['probe', 'output'], part.issue)
  }
}

function compileSteps(sources: Sources, path: Path, part: Part): Step[] {
  const compiled = sources.flatMap((source, index) => compileStep(source as StepSource, [...path, index], part) ?? [])
  return compiled
}

function compileStep(source: StepSource, path: Path, part: Part): Step | undefined {
  const used = kindNames.filter(kind => source[kind] !== undefined)
  const [kind] = used
  if (kind === undefined || used.length > 1) {
    part.issue(
      path,
      kind === undefined
        ? `says nothing to do: write one of ${kindNames.join(', ')}`
        : `is ${used.join(' and ')} at once: make it ${used.length} steps`
    )
    return undefined
  }
  checkBreadth({ kind, body: source[kind], path: [...path, kind], warn: part.issue.warn })
  if (kind === 'screenshot' && part.isUnseen) part.issue(path, 'evidence is none, and this step keeps a picture: leave one of them out')
  const commit = compileCommit(source, kind, path, part)
  const compiler: Compiler = {
    issue: part.issue,
    locale: part.locale,
    steps: (inner, innerPath) =>
      inner === undefined ? [] : compileSteps(inner, innerPath, loops.has(kind) ? without(part, innerPath) : part)
  }
  const { acts, inspects = false, compile } = kindOf(kind)
  const made = compile(source[kind] as never, [...path, kind], compiler)
  if (made === undefined) return undefined
  if (kind === 'fill' && made.place !== undefined) part.form?.push(made.place)
  const { about, ...rest } = leavable(made, { kind, body: source[kind], commit, path: [...path, kind], issue: part.issue })
  const title = source.name ?? `${kind} ${about ?? ''}`.trim().slice(0, 80)
  return {
    ...rest,
    kind,
    title,
    acts,
    inspects,
    commit,
    timeoutMs: source.timeout === undefined ? part.timeoutMs : timerMs(source.timeout)
  }
}

interface Leaving {
  readonly kind: KindName
  readonly body: unknown
  readonly commit: CommitRule | undefined
  readonly path: Path
  readonly issue: Issue
}

const writes: ReadonlySet<KindName> = new Set(['fill', 'select', 'check', 'upload'])

/** A step that writes an optional value is left out when there is none. */
function leavable(made: Compiled, { kind, body, commit, path, issue }: Leaving): Compiled {
  const { value } = body as { readonly value?: Json }
  if (value === undefined || !isOptional(value) || !writes.has(kind)) return made
  if (commit !== undefined)
    issue([...path, 'value'], 'is optional, and this step has the effect: without a value nothing would be sent; give it one')
  const wanted = template(value, [...path, 'value'], issue)
  return {
    ...made,
    run: async (stage, timeoutMs) => ((await wanted(scopeOf(stage))) === undefined ? undefined : made.run(stage, timeoutMs))
  }
}

/** Steps in a loop may happen more than once. */
const loops: ReadonlySet<KindName> = new Set(['forEach'])

function without(part: Part, path: Path): Part {
  const commits = { push: () => part.issue(path, 'a commit point can not stand in a loop: it would be crossed more than once') }
  return part.commits === undefined ? part : { ...part, commits: commits as unknown as Path[] }
}

const canCommit: ReadonlySet<KindName> = new Set(['goto', 'click', 'dblclick', 'select', 'check', 'press', 'upload', 'download', 'fill'])

function compileCommit({ commit }: StepSource, kind: KindName, path: Path, { issue, commits }: Part): CommitRule | undefined {
  if (commit === undefined) return undefined
  if (!canCommit.has(kind)) issue([...path, 'commit'], `${kind} sends nothing: commit belongs to the step whose request has the effect`)
  else if (commits === undefined) issue([...path, 'commit'], 'a login or a probe has no commit point')
  else commits.push(path)
  const { request, via = 'connection' } = commit === true ? {} : commit
  if (request === undefined) return { via }
  if (via === 'any') issue([...path, 'commit', 'request'], 'via: any holds no request: take request away, or take via away')
  const found = /^(?:([A-Z]+)\s+)?(\/\S*|https?:\/\/\S+)$/.exec(request)
  if (found === null) {
    issue([...path, 'commit', 'request'], `"${request}" is no request: write a method and a path, as POST /transfer/*`)
    return { via }
  }
  const [, method, pattern = ''] = found
  const fits = compileGlob(pattern)
  return {
    via,
    matches: (used, url) => (method ?? used) === used && (fits(url.pathname) || fits(url.pathname + url.search) || fits(url.href))
  }
}
