/** A manifest's text → a bot, or every mistake in it. Nothing is read or written here. */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { ActionSource, Adapter, Seen } from '../core/adapter.ts'
import type { ManifestIssue } from '../core/manifest-issue.ts'
import { knownBy } from '../core/names.ts'
import { type Ajv, newAjv } from '../core/schema.ts'
import type { Action, Bot, Json, JsonObject } from '../core/types.ts'
import { type Checks, checkAction } from './action-checks.ts'
import { type ActionManifest, toAction, toBot } from './build.ts'
import { type Claim, checkTexts } from './check-texts.ts'
import { type Compiled, placeKey } from './compiled.ts'
import { suggestion } from './did-you-mean.ts'
import { knownDocument, readDocument, type SourceDocument } from './document.ts'
import { checkShape } from './explain.ts'
import { checkGiven, valueAt } from './given-output.ts'
import { dotted, type Finding, keyError, type Path, pointerOf, type Report, sortIssues, valueError, valueWarning } from './issue.ts'
import { checkShared } from './schema-checks.ts'
import { isObject } from './schema-walk.ts'
import { checkScreens, checkSensitivity } from './session-places.ts'
import { botShape, namePattern, openShape } from './shape.ts'
import { createSharedSchemas, type SharedSchemas } from './shared-schemas.ts'
import { checkExpressions, type Environment, readAddresses, readEnvironment } from './target.ts'

export interface LoadOptions {
  /** As it is shown in issues. */
  readonly file: string
  /** The name that the bot must have: its folder's, or that of the path it is registered under. */
  readonly name?: string | undefined
  readonly adapters: Readonly<Record<string, Adapter>>
  /** The value of a variable; null for one that manifests may not read. */
  readonly env: (name: string) => string | undefined | null
  /** From an operator's folder, not over HTTP: it may be larger, and reach private addresses. */
  readonly trusted?: boolean | undefined
  /** Private ones that one over HTTP reaches. */
  readonly targetOrigins?: readonly string[] | undefined
  /** What an earlier load of this very text gave: only what depends on this machine is looked at again. */
  readonly compiled?: Compiled | undefined
}

/** With a bot, the issues are warnings; without one, at least one is an error. */
export type LoadResult =
  | { readonly bot: Bot; readonly issues: readonly ManifestIssue[]; readonly compiled: Compiled }
  | { readonly bot?: undefined; readonly issues: readonly ManifestIssue[]; readonly compiled?: undefined }

export async function loadManifest(source: string, options: LoadOptions): Promise<LoadResult> {
  const { compiled } = options
  const document = compiled === undefined ? readDocument(source, options.trusted) : knownDocument(source, compiled)
  await othersFirst()
  const { file } = options
  const syntax = document.syntax.map(mistake => ({ severity: 'error', file, pointer: '', ...mistake }) as const)
  if (document.value === undefined && syntax.length > 0) return { issues: sortIssues(syntax) }
  const findings: Finding[] = [...document.findings]
  // What the text did not say can not be wrong a second time.
  const unreadable = new Set(findings.map(({ path }) => pointerOf(path)).filter(pointer => pointer !== ''))
  const report: Report = finding => void (unreadable.has(pointerOf(finding.path)) || findings.push(finding))
  const places: Claim[] = []
  const parsed = new Set<string>()
  const made =
    document.value === undefined ? undefined : await read({ source, raw: document.value, options, findings, report, places, parsed })
  if (isObject(document.value)) {
    const { templates } = pickAdapter(document.value, options.adapters, () => undefined) ?? {}
    await checkTexts({ raw: document.value, claims: { templates, actions: parsed, places }, findings, report })
  }
  const bot = findings.some(({ severity }) => severity === 'error') ? undefined : made
  const issues = sortIssues(findings.map(finding => toIssue(finding, document, file)))
  return bot === undefined ? { issues } : { bot, issues, compiled: compiled ?? keepable(document, findings) }
}

function keepable(document: SourceDocument, findings: readonly Finding[]): Compiled {
  const places = findings.map(finding => {
    const { line, column } = document.position(finding)
    return [placeKey(finding), [line, column]] as const
  })
  return { value: document.value as JsonObject, places: Object.fromEntries(places) }
}

function toIssue(finding: Finding, document: SourceDocument, file: string): ManifestIssue {
  const where = dotted(finding.path)
  const message = where === '' ? finding.message : `${where}: ${finding.message}`
  return { severity: finding.severity, file, ...document.position(finding), pointer: pointerOf(finding.path), message }
}

interface Reading {
  readonly source: string
  readonly raw: Json
  readonly options: LoadOptions
  readonly findings: readonly Finding[]
  readonly report: Report
  /** Filled: where expressions can stand, and the actions that the adapter has read. */
  readonly places: Claim[]
  readonly parsed: Set<string>
}

async function read({ source, raw, options, findings, report, places, parsed }: Reading): Promise<Bot | undefined> {
  const adapter = pickAdapter(raw, options.adapters, report)
  const shape = botShape(adapter?.shape ?? openShape)
  const checked = checkShape(shape as z.ZodType<JsonObject>, raw)
  for (const finding of checked.findings) report(finding)
  if (!isObject(raw)) return undefined
  if (options.name !== undefined && typeof raw.bot === 'string' && namePattern.test(raw.bot) && raw.bot !== options.name)
    report(valueError(['bot'], `must be ${options.name}, as the folder or the path is called, not ${JSON.stringify(raw.bot)}`))
  const values = readEnvironment(raw, options.env, report)
  checkExpressions(raw, report)
  const reach = options.trusted ? undefined : { origins: options.targetOrigins ?? [] }
  const addresses = readAddresses(raw, { values, reach, report })
  const ajv = newAjv()
  const shared = createSharedSchemas(raw, ajv)
  const verified = options.compiled !== undefined
  if (!verified) checkShared({ shared, ajv, report })
  const linked = isObject(raw.actions) ? mapValues(raw.actions, shared.linkAction) : {}
  const digest = sha256(source)
  const whole = {
    raw,
    digest,
    adapter,
    values,
    ajv,
    shared,
    trusted: options.trusted === true,
    verified,
    report,
    places,
    parsed,
    data: partsOf(shape, { ...raw, actions: linked })
  }
  checkSensitivity(linked, report)
  checkScreens(linked, report)
  const actions = await readActions(whole, linked)
  if (addresses === undefined || checked.data === undefined || findings.some(finding => finding.severity === 'error')) return undefined
  return toBot({ data: checked.data, source, digest, addresses, env: values, actions, schemas: Object.keys(shared.all) })
}

/** A large manifest takes long: whatever else waits gets a turn in between. */
const othersFirst = () => new Promise<void>(resolve => setImmediate(resolve))

const mapValues = (object: JsonObject, change: (value: Json) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function pickAdapter(raw: Json, adapters: LoadOptions['adapters'], report: Report): Adapter | undefined {
  const kind = isObject(raw) ? raw.adapter : undefined
  if (typeof kind !== 'string') return undefined
  if (Object.hasOwn(adapters, kind)) return adapters[kind]
  report(valueError(['adapter'], `there is no adapter ${JSON.stringify(kind)}; ${suggestion(kind, Object.keys(adapters))}`))
  return undefined
}

interface Parts {
  readonly target: JsonObject | undefined
  action(name: string): JsonObject | undefined
}

/** The parts that have their shape, defaults filled in, whatever is wrong with the others. */
function partsOf(shape: ReturnType<typeof botShape>, raw: JsonObject): Parts {
  const part = (type: { safeParse(value: unknown): { data?: unknown } }, value: unknown) =>
    type.safeParse(value).data as JsonObject | undefined
  const actions = isObject(raw.actions) ? raw.actions : {}
  return {
    target: part(shape.shape.target, raw.target),
    action: name => part(shape.shape.actions.valueType as z.ZodType, actions[name])
  }
}

interface Whole {
  readonly raw: JsonObject
  readonly digest: string
  readonly adapter: Adapter | undefined
  readonly values: Environment
  readonly ajv: Ajv
  readonly shared: SharedSchemas
  readonly trusted: boolean
  /** Schemas and steps had no mistake when this text was loaded before: they are compiled when somebody calls. */
  readonly verified: boolean
  readonly data: Parts
  readonly report: Report
  readonly places: Claim[]
  readonly parsed: Set<string>
}

async function readActions(whole: Whole, linked: JsonObject): Promise<readonly Action[]> {
  const actions: (Action | undefined)[] = []
  for (const [name, action] of Object.entries(linked)) {
    await othersFirst()
    actions.push(readAction(whole, name, action))
  }
  return actions.filter(action => action !== undefined)
}

function readAction(whole: Whole, name: string, source: Json): Action | undefined {
  const { adapter, report, ajv, shared, trusted, verified } = whole
  if (!isObject(source)) return undefined
  const bot = typeof whole.raw.bot === 'string' ? whole.raw.bot : ''
  const path = ['actions', name]
  const checks = checkAction({ bot, name, path, source, adapter, ajv, shared, trusted, verified, report })
  const action = whole.data.action(name)
  if (action === undefined || adapter === undefined) return undefined
  const parsing = { whole, adapter, bot, name, action, path }
  const parsed = verified ? { steps: () => parseAgain(parsing) } : parse(parsing)
  return isComplete(checks) && parsed !== undefined
    ? toAction({
        bot,
        botVersion: whole.digest,
        name,
        data: action as unknown as ActionManifest,
        written: ((whole.raw.actions as JsonObject)[name] ?? source) as JsonObject,
        steps: parsed.steps,
        ...checks
      })
    : undefined
}

const isComplete = (checks: Checks): checks is { [K in keyof Checks]: NonNullable<Checks[K]> } =>
  checks.checkInput !== undefined && checks.checkOutput !== undefined

interface Parsing {
  readonly whole: Whole
  readonly adapter: Adapter
  readonly bot: string
  readonly name: string
  readonly action: JsonObject
  readonly path: Path
}

/** The adapter sees only what has its shape. What it throws is a mistake of the manifest too. */
function parse(parsing: Parsing): { readonly steps: () => unknown } | undefined {
  const { whole, adapter, name, action, path } = parsing
  const { input, output } = action as unknown as ActionManifest
  const placeOf = (at: Path): Path => (at[0] === 'target' ? at : [...path, ...at])
  const issue = (at: Path, message: string) => whole.report((at.length === 0 ? keyError : valueError)(placeOf(at), message))
  const warn = (at: Path, message: string) => whole.report(valueWarning(placeOf(at), message))
  const takes = (at: Path, seen: Seen = {}) => {
    whole.places.push({ path: placeOf(at), seen, input: seen.input ?? input })
    if (seen.isOutput === true) checkGiven({ value: valueAt(action, at), known: knownBy(output), path: placeOf(at), report: whole.report })
  }
  try {
    const source = sourceFor(parsing, { issue, warn, takes })
    if (source === undefined) return undefined
    const steps = adapter.parse(source)
    whole.parsed.add(name)
    return { steps: () => steps }
  } catch (error) {
    issue([], (error as Error).message)
    return undefined
  }
}

/** It had no mistake before; one that is found now all the same ends the call before anything is sent. */
function parseAgain(parsing: Parsing): unknown {
  const issue = (_: Path, message: string) => {
    throw new Error(`${parsing.bot}_${parsing.name} can not be used as it was compiled: ${message}`)
  }
  const source = sourceFor(parsing, { issue, warn: () => undefined, takes: () => undefined })
  return source === undefined ? undefined : parsing.adapter.parse(source)
}

function sourceFor({ whole, bot, name, action }: Parsing, told: Pick<ActionSource, 'issue' | 'warn' | 'takes'>): ActionSource | undefined {
  const { target } = whole.data
  const { input, output, effect } = action as unknown as ActionManifest
  return target && { bot, name, effect, target, action, input, output, env: Object.keys(whole.values), ...told }
}
