/** Locators as Playwright names them, compiled once; alternatives are tried in their order. */
import type { Frame, Locator } from 'playwright-core'
import { compileTemplate, ExpressionError, renderText, type Scope, splitHoles, type Template } from '../../src/index.ts'
import { compileCss, cssString } from './encode-css.ts'
import { compileXpath } from './encode-xpath.ts'
import type { LabelBody } from './label-engine.ts'
import type { PlaceSpec } from './page-script.ts'
import { type Look, type Place, type Stage, scopeOf } from './plan.ts'
import { legal, notBlank, refusal, Unfit } from './refusal.ts'
import { bodyOf, type RowBody } from './row-engine.ts'
import { selectorMistake } from './selector-syntax.ts'
import type { LocatorSource } from './shape.ts'

export type Path = readonly (string | number)[]
export interface Issue {
  (path: Path, message: string): void
  /** Says that an expression can stand there. */
  readonly takes?: ((path: Path) => void) | undefined
  readonly warn?: ((path: Path, message: string) => void) | undefined
}

type Way = 'role' | 'label' | 'placeholder' | 'text' | 'testId' | 'css' | 'xpath'
type Text = (scope: Scope) => Promise<string>
/** Where a locator looks. */
type Root = Frame | Locator
interface One {
  /** Absent: the row itself. */
  readonly way: Way | undefined
  readonly what: Text
  readonly within: One | undefined
  readonly row: readonly Text[] | undefined
  readonly name?: Text | undefined
  readonly nth: number | undefined
  readonly exact: boolean
}

const ways: readonly Way[] = ['role', 'label', 'placeholder', 'text', 'testId', 'css', 'xpath']
/** Those that code inside the page finds as Playwright does. */
const inPage: Readonly<Partial<Record<Way, (what: string) => PlaceSpec['alternatives'][number]>>> = {
  css: what => ({ how: 'css', what }),
  xpath: what => ({ how: 'xpath', what: what.replace(/^xpath=/, '') }),
  testId: what => ({ how: 'css', what: `[data-testid="${cssString(what)}"]` }),
  text: what => ({ how: 'text', what })
}

const locate: Readonly<Record<Way, (frame: Root, what: string, name: string | undefined, exact: boolean) => Locator>> = {
  role: (frame, what, name, exact) => frame.getByRole(what as 'button', name === undefined ? {} : { name, exact }),
  label: (frame, what, _, exact) =>
    frame.getByLabel(what, { exact }).or(frame.locator(`retrofit-label=${bodyOf({ what, exact } satisfies LabelBody)}`)),
  placeholder: (frame, what, _, exact) => frame.getByPlaceholder(what, { exact }),
  text: (frame, what, _, exact) => frame.getByText(what, { exact }),
  testId: (frame, what) => frame.getByTestId(what),
  css: (frame, what) => frame.locator(`css=${what}`),
  xpath: (frame, what) => frame.locator(`xpath=${what.replace(/^xpath=/, '')}`)
}

export const hasPlace = (source: object): boolean => ['any', 'row', ...ways].some(way => way in source)

/** Undefined, with the mistake reported, when the source is no locator. */
export function compilePlace(source: LocatorSource, path: Path, issue: Issue): Place | undefined {
  const alternatives = source.any
    ? source.any.flatMap((each, index) => compileWay(each, [...path, 'any', index], issue))
    : compileWay(source, path, issue)
  if (source.any && hasOwn(source)) issue(path, 'any stands alone: move the other locator into its list')
  if (alternatives.length === 0) return undefined
  return {
    text: describe(source),
    find: stage => findFirst(stage, alternatives),
    look: stage => Promise.all(alternatives.map(one => lookOf(stage, one))),
    ...(isWhole(alternatives) && { spec: (stage: Stage) => specOf(stage, alternatives) })
  }
}

const hasOwn = (source: LocatorSource): boolean => [...ways, 'row', 'within'].some(key => key in source)

/** Code in the page finds each of them. */
const isWhole = (alternatives: readonly One[]): boolean =>
  alternatives.every(
    ({ way, within, row, nth, exact }) =>
      way !== undefined &&
      way in inPage &&
      within === undefined &&
      row === undefined &&
      nth === alternatives[0]?.nth &&
      exact === alternatives[0]?.exact
  )

function compileWay(source: LocatorSource, path: Path, issue: Issue): One[] {
  const used = ways.filter(way => way in source)
  const [way] = used
  const outer = compileWithin(source, path, issue)
  const row =
    source.row === undefined ? undefined : listOf(source.row).map(text => compileText('row', text, { path: [...path, 'row'], issue }))
  if (way === undefined && row !== undefined) return outer.map(within => ({ ...rowItself(source), within, row }))
  if (way === undefined || used.length > 1) {
    issue(
      path,
      way === undefined
        ? `names no element: write one of ${[...ways, 'row'].join(', ')}`
        : `write one of ${used.join(', ')}, not both; any holds alternatives`
    )
    return []
  }
  if (source.name !== undefined && way !== 'role') issue([...path, 'name'], 'name belongs to role: write role beside it')
  if (way === 'role' && !roles.has(String(source.role))) issue([...path, 'role'], `"${source.role}" is no ARIA role`)
  const texts = listOf(source[way])
  for (const text of texts) {
    const mistake = selectorMistake(way, splitHoles(text).literals.join('x'))
    if (mistake !== undefined) issue([...path, way], mistake)
  }
  const names = source.name === undefined ? [undefined] : listOf(source.name)
  const make = (text: string, name: string | undefined): One => ({
    way,
    what: compileText(way, text, { path: [...path, way], issue }),
    name: name === undefined ? undefined : compileText('text', name, { path: [...path, 'name'], issue }),
    nth: source.nth,
    exact: source.exact ?? false,
    within: undefined,
    row: undefined
  })
  const made = texts.flatMap(text => names.map(name => make(text, name)))
  return made.flatMap(one => outer.map(within => ({ ...one, within, row })))
}

const rowItself = ({ nth, exact = false }: LocatorSource) => ({ way: undefined, what: async () => '', nth, exact })

/** Each thing that it may be in; one `undefined` for the page. */
function compileWithin({ within }: LocatorSource, path: Path, issue: Issue): readonly (One | undefined)[] {
  if (within === undefined) return [undefined]
  const at = [...path, 'within']
  const source = typeof within === 'string' ? { css: within } : within
  return source.any ? source.any.flatMap((each, index) => compileWay(each, [...at, 'any', index], issue)) : compileWay(source, at, issue)
}

/** Selectors have a grammar, which a value must not reach; every other way takes the text as it is, with whatever stands in it. */
function compileText(way: Way | 'row', text: string, { path, issue }: { readonly path: Path; readonly issue: Issue }): Text {
  if (!text.includes('{{')) return async () => text
  if (way === 'css') return orIssue(() => compileCss(text), { path, issue, fallback: async () => text })
  if (way === 'xpath') return orIssue(() => compileXpath(text), { path, issue, fallback: async () => text })
  const render = template(text, path, issue)
  return async scope => {
    try {
      return legal(notBlank(await renderText(render, scope)))
    } catch (error) {
      throw error instanceof Unfit ? refusal(`the ${way} ${JSON.stringify(text)} ${error.message}`) : error
    }
  }
}

async function findFirst(stage: Stage, alternatives: readonly One[]): Promise<Locator> {
  const made = await Promise.all(alternatives.map(one => build(stage, one)))
  const [first] = made as [Locator]
  if (made.length === 1) return first
  // Not `or` alone: that gives the first in the document, not the first of the list.
  const anyOf = made.reduce((all, each) => all.or(each))
  const left = Math.max(1, Math.min(stage.call.deadlineAt - Date.now(), 10_000))
  await anyOf
    .first()
    .waitFor({ state: 'attached', timeout: left })
    .catch(() => undefined)
  const counts = await Promise.all(made.map(each => each.count()))
  return made[counts.findIndex(count => count > 0)] ?? first
}

async function build(stage: Stage, { way, what, name, nth, exact, within, row }: One): Promise<Locator> {
  const scope = scopeOf(stage)
  const outer = within === undefined ? stage.frame : await build(stage, within)
  const [text, called] = await Promise.all([what(scope), name?.(scope)])
  const root = row === undefined ? outer : outer.locator(rowSelector({ texts: await textsOf(row, scope) }))
  const found = way === undefined ? (root as Locator) : locate[way](root, text, called, exact)
  return nth === undefined ? found : found.nth(nth)
}

const rowSelector = (body: RowBody): string => `retrofit-row=${bodyOf(body)}`
const textsOf = (row: readonly Text[], scope: Scope): Promise<string[]> => Promise.all(row.map(text => text(scope)))

/** The parts of a locator, for one that found nothing or too much. */
async function lookOf(stage: Stage, { within, row, ...own }: One): Promise<Look> {
  const scope = scopeOf(stage)
  const outer = within === undefined ? undefined : await build(stage, within)
  const base = outer ?? stage.frame
  const rows = row === undefined ? undefined : base.locator(rowSelector({ texts: await textsOf(row, scope), all: true }))
  const [what, name] = await Promise.all([own.what(scope), own.name?.(scope)])
  const root = rows ?? base
  const all = own.way === undefined ? (rows as Locator) : locate[own.way](root, what, name, own.exact)
  const found = own.nth === undefined ? all : all.nth(own.nth)
  return { way: own.way, role: own.way === 'role' ? what : undefined, wanted: name ?? what, outer, rows, root, found }
}

async function specOf(stage: Stage, alternatives: readonly One[]): Promise<PlaceSpec> {
  const scope = scopeOf(stage)
  const made = alternatives.map(async ({ way, what }) => (way === undefined ? undefined : inPage[way]?.(await what(scope))))
  const known = (await Promise.all(made)).filter(each => each !== undefined)
  return { alternatives: known, nth: alternatives[0]?.nth, exact: alternatives[0]?.exact ?? false }
}

/** A template; a mistake in it is reported and the text stays as it is. */
export const template = (value: import('../../src/index.ts').Json, path: Path, issue: Issue): Template =>
  orIssue(() => compileTemplate(value, path), { path, issue, fallback: async () => value })

interface Otherwise<Made> {
  readonly path: Path
  readonly issue: Issue
  readonly fallback: Made
}

/** Makes it; a mistake in an expression is reported, and the fallback stands in its place. */
export function orIssue<Made>(make: () => Made, { path, issue, fallback }: Otherwise<Made>): Made {
  issue.takes?.(path)
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    issue(path, error.message)
    return fallback
  }
}

function describe(source: LocatorSource): string {
  if (source.any) return source.any.map(describe).join(' or ')
  const keys = [...ways, 'name', 'nth', 'row'] as const
  const own = keys.filter(key => source[key] !== undefined).map(key => `${key} ${JSON.stringify(source[key])}`)
  const { within } = source
  const outer = within === undefined ? [] : [`within ${typeof within === 'string' ? JSON.stringify(within) : describe(within)}`]
  return [...own, ...outer].join(' ')
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

const roles: ReadonlySet<string> = new Set(
  'alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group heading img insertion link list listbox listitem log main marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong subscript superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem'.split(
    ' '
  )
)
