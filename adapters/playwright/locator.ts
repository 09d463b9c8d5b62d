/** Locators as Playwright names them, compiled once; alternatives are tried in their order. */
import type { Frame, Locator } from 'playwright-core'
import { compileTemplate, ExpressionError, renderText, type Scope, splitHoles, type Template } from '../../src/index.ts'
import { compileCss, cssString } from './encode-css.ts'
import { compileXpath } from './encode-xpath.ts'
import type { PlaceSpec } from './page-script.ts'
import { type Place, type Stage, scopeOf } from './plan.ts'
import { legal, notBlank, refusal, Unfit } from './refusal.ts'
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
interface One {
  readonly way: Way
  readonly what: Text
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

const locate: Readonly<Record<Way, (frame: Frame, what: string, name: string | undefined, exact: boolean) => Locator>> = {
  role: (frame, what, name, exact) => frame.getByRole(what as 'button', name === undefined ? {} : { name, exact }),
  label: (frame, what, _, exact) => frame.getByLabel(what, { exact }),
  placeholder: (frame, what, _, exact) => frame.getByPlaceholder(what, { exact }),
  text: (frame, what, _, exact) => frame.getByText(what, { exact }),
  testId: (frame, what) => frame.getByTestId(what),
  css: (frame, what) => frame.locator(`css=${what}`),
  xpath: (frame, what) => frame.locator(`xpath=${what.replace(/^xpath=/, '')}`)
}

export const hasPlace = (source: object): boolean => ['any', ...ways].some(way => way in source)

/** Undefined, with the mistake reported, when the source is no locator. */
export function compilePlace(source: LocatorSource, path: Path, issue: Issue): Place | undefined {
  const alternatives = source.any
    ? source.any.flatMap((each, index) => compileWay(each, [...path, 'any', index], issue))
    : compileWay(source, path, issue)
  if (source.any && ways.some(way => way in source)) issue(path, 'any stands alone: move the other locator into its list')
  if (alternatives.length === 0) return undefined
  const whole = alternatives.every(one => one.way in inPage && one.nth === alternatives[0]?.nth && one.exact === alternatives[0]?.exact)
  return {
    text: describe(source),
    find: stage => findFirst(stage, alternatives),
    ...(whole && { spec: (stage: Stage) => specOf(stage, alternatives) })
  }
}

function compileWay(source: LocatorSource, path: Path, issue: Issue): One[] {
  const used = ways.filter(way => way in source)
  const [way] = used
  if (way === undefined || used.length > 1) {
    issue(
      path,
      way === undefined
        ? `names no element: write one of ${ways.join(', ')}`
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
    exact: source.exact ?? false
  })
  return texts.flatMap(text => names.map(name => make(text, name)))
}

/** Selectors have a grammar, which a value must not reach; every other way takes the text as it is, with whatever stands in it. */
function compileText(way: Way, text: string, { path, issue }: { readonly path: Path; readonly issue: Issue }): Text {
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

async function build(stage: Stage, { way, what, name, nth, exact }: One): Promise<Locator> {
  const scope = scopeOf(stage)
  const [text, called] = await Promise.all([what(scope), name?.(scope)])
  const found = locate[way](stage.frame, text, called, exact)
  return nth === undefined ? found : found.nth(nth)
}

async function specOf(stage: Stage, alternatives: readonly One[]): Promise<PlaceSpec> {
  const scope = scopeOf(stage)
  const made = alternatives.map(async ({ way, what }) => inPage[way]?.(await what(scope)))
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
  const keys = [...ways, 'name', 'nth'] as const
  return keys
    .filter(key => source[key] !== undefined)
    .map(key => `${key} ${JSON.stringify(source[key])}`)
    .join(' ')
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

const roles: ReadonlySet<string> = new Set(
  'alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group heading img insertion link list listbox listitem log main marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong subscript superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem'.split(
    ' '
  )
)
