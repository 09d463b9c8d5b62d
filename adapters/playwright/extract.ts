/** The extract step: every field of a page in one round trip, tables page after page. */
import { compilePattern, isTrue, type Json, own, RetrofitError, type Template } from '../../src/index.ts'
import { about } from './failure.ts'
import { compilePlace, type Issue, type Path, template } from './locator.ts'
import type { FieldSpec, PageAnswer, PlaceSpec, Raw } from './page-script.ts'
import { type Place, type Stage, scopeOf } from './plan.ts'
import { ask, throwDeclared } from './run-steps.ts'
import { sayStatus } from './say-net-error.ts'
import type { ColumnSource, FieldSource, LocatorSource } from './shape.ts'
import type { Compiler } from './steps/kind.ts'
import { dateParts, isLocale, type Reading, readValue, tidyLines, UnreadableValue } from './values.ts'

interface Cell {
  readonly reading: Reading
  readonly pattern: ReturnType<typeof compilePattern> | undefined
}

interface Field {
  readonly name: string
  readonly place: Place
  readonly kind: FieldSpec['kind']
  readonly cell: Cell
  readonly columns: Readonly<Record<string, Cell>>
  readonly spec: Omit<FieldSpec, 'place'>
  readonly next: Place | undefined
  /** The element that the page shows when the list goes on beyond what was read. */
  readonly more: Place | undefined
  readonly pages: number
  readonly limit: Template | undefined
  readonly until: Template | undefined
}

type Row = Readonly<Record<string, Json>>
type Read = (stage: Stage, timeoutMs: number) => Promise<Readonly<Record<string, Json>>>

const reserved = new Set(['input', 'session', 'credentials', 'env', 'steps', 'run', 'row', '__proto__', 'constructor', 'prototype'])

export function compileExtract(source: Readonly<Record<string, FieldSource>>, path: Path, compiler: Compiler): Read {
  const fields = Object.entries(source).flatMap(([name, field]) => compileField(name, field, [...path, name], compiler) ?? [])
  const read: Read = async (stage, timeoutMs) => {
    const until = Date.now() + timeoutMs
    const left = () => Math.max(0, until - Date.now())
    const first = await readFields(fields, stage, { waitMs: left(), previous: undefined })
    const entries: [string, Json][] = []
    for (const field of fields) {
      const raw = own(first, field.name) ?? null
      if (field.more !== undefined && (await (await field.more.find(stage)).first().isVisible()))
        stage.call.partial(field.name, `the page shows ${field.more.text}`)
      const value = field.kind === 'table' ? await readTable(field, stage, raw, left) : convert(field, raw)
      if (value !== null || !field.spec.optional) entries.push([field.name, value])
    }
    return Object.fromEntries(entries)
  }
  return (stage, timeoutMs) =>
    read(stage, timeoutMs).catch(error => {
      if (error instanceof UnreadableField) saidSo(stage)
      throw error
    })
}

/** The value is there and is none of its type. A page that shows it after the commit point is the target's answer. */
class UnreadableField extends RetrofitError {
  constructor(detail: string, targetSaid: string) {
    super('target_failed', { detail, targetSaid })
  }
}

function saidSo({ call, extracted }: Stage): void {
  if (call.committed && !call.probes) call.answered({ value: { ...extracted } })
}

interface Checking {
  readonly kind: 'table' | 'list' | 'value'
  readonly path: Path
  readonly issue: Issue
}

/** Keys that the kind of field does not take, or needs. */
function checkKeys(source: FieldSource, { kind, path, issue }: Checking): void {
  if (kind !== 'value' && (source.within ?? source.row) !== undefined)
    issue([...path, kind], `within and row belong into ${kind}: write ${kind}: { css: …, within: … }`)
  if (kind === 'table' && Object.keys(source.columns ?? {}).length === 0) issue(path, 'a table needs columns')
  if (kind !== 'table')
    for (const key of ['columns', 'rows', 'hidden', 'next', 'pages', 'limit', 'until'] as const)
      if (source[key] !== undefined) issue([...path, key], `${key} belongs to a table`)
  if (kind === 'value' && source.more !== undefined) issue([...path, 'more'], 'more belongs to a list or a table')
}

function compileField(name: string, source: FieldSource, path: Path, compiler: Compiler): Field | undefined {
  const { issue } = compiler
  if (reserved.has(name)) issue(path, `"${name}" is taken: give the value another name`)
  const kind = source.table !== undefined ? 'table' : source.list !== undefined ? 'list' : 'value'
  const where = source.table ?? source.list ?? pickPlace(source)
  const place = compilePlace(typeof where === 'string' ? { css: where } : where, kind === 'value' ? path : [...path, kind], issue)
  const columns = source.columns ?? {}
  checkKeys(source, { kind, path, issue })
  for (const [column, each] of Object.entries(columns)) checkColumn(each, [...path, 'columns', column], compiler)
  if (place === undefined) return undefined
  return {
    name,
    place,
    kind,
    cell: compileCell(source, path, compiler),
    columns: Object.fromEntries(
      Object.entries(columns).map(([column, each]) => [column, compileCell(each, [...path, 'columns', column], compiler)])
    ),
    spec: {
      name,
      kind,
      attribute: source.attribute,
      lines: source.as === 'lines',
      optional: source.optional ?? false,
      rows: source.rows,
      hidden: source.hidden,
      signs: kind !== 'value' && source.more === undefined && source.next === undefined,
      columns: Object.entries(columns).map(([column, { header, index, css, attribute, as }]) => ({
        name: column,
        header,
        index,
        css,
        attribute,
        lines: as === 'lines'
      }))
    },
    more: source.more === undefined || source.more === false ? undefined : compilePlace(source.more, [...path, 'more'], issue),
    next: source.next === undefined ? undefined : compilePlace(source.next, [...path, 'next'], issue),
    pages: source.pages ?? 50,
    limit: source.limit === undefined ? undefined : template(source.limit, [...path, 'limit'], issue),
    until: source.until === undefined ? undefined : template(source.until, [...path, 'until'], issue)
  }
}

function pickPlace({ role, name, label, placeholder, text, testId, css, xpath, row, within, nth, exact, any }: FieldSource): LocatorSource {
  const all = { role, name, label, placeholder, text, testId, css, xpath, row, within, nth, exact, any }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function checkColumn({ header, index, css }: ColumnSource, path: Path, { issue }: Compiler): void {
  const ways = [header, index, css].filter(way => way !== undefined)
  if (ways.length !== 1) issue(path, 'a column needs one of header, index, css')
}

function compileCell(source: FieldSource | ColumnSource, path: Path, { issue, locale }: Compiler): Cell {
  const { as = 'text', format = 'yyyy-mm-dd', pattern } = source
  if (dateParts(format) === undefined) issue([...path, 'format'], `"${format}" is no date format: write day, month and year, as dd/mm/yyyy`)
  if (source.format !== undefined && as !== 'date') issue([...path, 'format'], 'format belongs to as: date')
  if (source.locale !== undefined && !isLocale(source.locale))
    issue([...path, 'locale'], `"${source.locale}" is no locale: write en, de, fr-CH, …`)
  return {
    reading: { as, format, locale: source.locale ?? locale },
    pattern: pattern === undefined ? undefined : readPattern(pattern, path, issue)
  }
}

function readPattern(pattern: string, path: Path, issue: Compiler['issue']): Cell['pattern'] {
  try {
    return compilePattern(pattern)
  } catch (error) {
    issue([...path, 'pattern'], `is no RE2 pattern: ${(error as Error).message}`)
    return undefined
  }
}

/** Fields that code in the page can find share one round trip; the others are found by Playwright first. */
async function readFields(
  fields: readonly Field[],
  stage: Stage,
  wait: { waitMs: number; previous: string | undefined }
): Promise<Readonly<Record<string, Raw>>> {
  const here = fields.filter(field => field.place.spec !== undefined)
  const specs = await Promise.all(here.map(async field => ({ ...field.spec, place: (await field.place.spec?.(stage)) as PlaceSpec })))
  const answer = await ask(stage, { errors: [], fields: specs, ...wait })
  if (answer !== undefined) await throwDeclared(stage, answer)
  stage.tab.changed = false
  const { status } = stage.tab
  if (status >= 400) throw new RetrofitError('target_failed', { detail: sayStatus(status), targetDown: status >= 500 })
  if (answer !== undefined) throwMissing(fields, answer)
  notePartial(stage, answer)
  const others = fields.filter(field => field.place.spec === undefined)
  const found = await Promise.all(others.map(async field => [field.name, await readOne(field, stage, wait.waitMs)] as const))
  return { ...answer?.values, ...Object.fromEntries(found) }
}

function throwMissing(fields: readonly Field[], { missing, isUnfit }: PageAnswer): void {
  if (missing === undefined) return
  throw isUnfit === true ? new RetrofitError('target_failed', { detail: missing }) : notFound(fields, missing)
}

function notePartial({ call }: Stage, answer: PageAnswer | undefined): void {
  for (const [name, reason] of Object.entries(answer?.partial ?? {})) call.partial(name, reason)
}

/** The page is asked why where it is about an element, and not about the rows of a table. */
function notFound(fields: readonly Field[], missing: string): RetrofitError {
  const error = new RetrofitError('target_failed', { detail: `not found: ${missing}` })
  const field = fields.find(({ name }) => missing.startsWith(`${name}: `))
  return field !== undefined && /: (the element$|one single element)/.test(missing) ? about(field.place, error) : error
}

const marker = 'data-retrofit-field'

async function readOne(field: Field, stage: Stage, waitMs: number): Promise<Raw> {
  const locator = await field.place.find(stage)
  if (!field.spec.optional && field.kind !== 'list')
    await locator
      .first()
      .waitFor({ state: 'attached', timeout: Math.max(1, waitMs) })
      .catch((error: Error) => {
        throw error.name === 'TimeoutError' ? notFound([field], `${field.name}: the element`) : about(field.place, error)
      })
  const name = `${field.name}-${Math.random().toString(36).slice(2)}`
  await locator.evaluateAll((elements, [attribute, value]) => elements.forEach(element => void element.setAttribute(attribute, value)), [
    marker,
    name
  ] as [string, string])
  const place: PlaceSpec = { alternatives: [{ how: 'css', what: `[${marker}="${name}"]` }], nth: undefined, exact: false }
  const answer = await ask(stage, { errors: [], fields: [{ ...field.spec, place }], waitMs: 0, previous: undefined })
  if (answer !== undefined) throwMissing([field], answer)
  notePartial(stage, answer)
  return own(answer?.values ?? {}, field.name) ?? null
}

function convert(field: Field, raw: Raw): Json {
  if (raw === null) return null
  if (typeof raw === 'string') return readCell(field.cell, raw, field.name)
  return raw.map((each, index) =>
    typeof each === 'string' ? readCell(field.cell, each, `${field.name}[${index}]`) : readRow(field, each, index)
  )
}

function readRow(field: Field, row: Readonly<Record<string, string>>, index: number): Row {
  const entries = Object.entries(field.columns).map(
    ([name, cell]) => [name, readCell(cell, own(row, name) ?? '', `${field.name}[${index}].${name}`)] as const
  )
  return Object.fromEntries(entries)
}

function readCell({ reading, pattern }: Cell, raw: string, name: string): Json {
  const tidy = reading.as === 'lines' ? tidyLines(raw) : raw.replace(/\s+/g, ' ').trim()
  const found = pattern?.find(tidy)
  if (pattern !== undefined && found === undefined)
    throw new RetrofitError('target_failed', {
      detail: `${name}: what stands there does not match its pattern`,
      targetSaid: tidy.slice(0, 60)
    })
  try {
    return readValue(found === undefined ? raw : (found[1] ?? found[0]), reading)
  } catch (error) {
    if (error instanceof UnreadableValue) throw new UnreadableField(`${name}: ${error.message}`, error.text)
    throw error
  }
}

async function readTable(field: Field, stage: Stage, first: Raw, left: () => number): Promise<Json> {
  if (first === null) return null
  const limit = Number((await field.limit?.(scopeOf(stage))) ?? Number.POSITIVE_INFINITY) || Number.POSITIVE_INFINITY
  const rows = [...(convert(field, first) as readonly Row[])]
  const next = async () => {
    const found = (await field.next?.find(stage))?.first()
    return (await found?.isVisible()) && (await found?.isEnabled()) ? found : undefined
  }
  let raw: Raw = first
  for (let page = 1; field.next !== undefined; page++) {
    if (await isOver(field, stage, rows)) break
    const control = await next()
    if (control === undefined) break
    if (page >= field.pages || rows.length >= limit) {
      stage.call.partial(field.name, page >= field.pages ? `it has more than ${field.pages} pages` : `it has more than ${limit} rows`)
      break
    }
    await control.click({ timeout: Math.max(1, left()) })
    const previous: string = JSON.stringify({ [field.name]: raw })
    raw = (await readFields([field], stage, { waitMs: left(), previous }))[field.name] ?? null
    rows.push(...(convert(field, raw) as readonly Row[]))
  }
  if (rows.length > limit) stage.call.partial(field.name, `it has more than ${limit} rows`)
  return rows.slice(0, limit)
}

async function isOver({ until }: Field, stage: Stage, rows: readonly Row[]): Promise<boolean> {
  const row = rows.at(-1)
  return until !== undefined && row !== undefined && isTrue(until, { ...scopeOf(stage), row })
}
