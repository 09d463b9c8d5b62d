/** Why a step could not do its work on its element: looked at on the page, right after it failed. */
import type { Locator } from 'playwright-core'
import { wordDistance } from '../../src/index.ts'
import { labelEngine } from './label-engine.ts'
import { fieldNames, namesOfAll, type Seen, seeAll } from './look-script.ts'
import type { Look, Place, Stage } from './plan.ts'

export interface Why {
  /** In our words, without a text of the page. */
  readonly said: string
  /** Texts of the page: the target's own words. */
  readonly shown?: string | undefined
}

export interface Failed {
  readonly error: Error
  readonly kind: string
  readonly place: Place
}

/** Undefined when the page does not tell. */
export async function whyNot({ error, kind, place }: Failed, stage: Stage): Promise<Why | undefined> {
  const looks = await place.look(stage)
  for (const look of looks) {
    const rows = await look.rows?.evaluateAll(seeAll)
    if (rows !== undefined && rows.count > 1) return manyRows(rows)
  }
  const found = await Promise.all(looks.map(look => look.found.evaluateAll(seeAll)))
  const { count, seen } = found.find(each => each.count > 0) ?? { count: 0, seen: [] }
  const [first] = seen
  if (first === undefined) return absent(looks, { place, stage })
  if (count > 1) return isAmbiguous(error, kind) ? many(count, seen) : undefined
  return stateOf(first, { error, kind })
}

/** Playwright takes one single element for whatever a step does; on a slow machine the time may be over before it has counted them. */
const isAmbiguous = ({ name, message }: Error, kind: string): boolean =>
  /strict mode violation|one single element/.test(message) || (name === 'TimeoutError' && kind !== 'extract')

const most = 6
const quoted = (texts: readonly string[]): string => {
  const named = texts.slice(0, most).map(text => JSON.stringify(text))
  return `${named.join(', ')}${texts.length > most ? ` and ${texts.length - most} more` : ''}`
}

const manyRows = ({ count, seen }: { readonly count: number; readonly seen: readonly Seen[] }): Why => ({
  said: `${count} rows have these texts: give row more texts of the one that is meant`,
  shown: `the rows are ${quoted(seen.map(({ text }) => text))}`
})

function many(count: number, seen: readonly Seen[]): Why {
  const inRows = seen.every(({ row }) => row !== '')
  const better = inRows ? 'row with a text of its row' : 'within'
  const candidates = seen.slice(0, most).map(({ text, row, at, hidden }, index) => {
    const where = row === '' || row === text ? '' : ` in ${JSON.stringify(row)}`
    return `nth: ${index} is ${at} ${JSON.stringify(text)}${where}${hidden === '' ? '' : ' (hidden)'}`
  })
  const rest = count > most ? ` and ${count - most} more` : ''
  const last = count > 2 ? ` to nth: ${count - 1}` : ' or nth: 1'
  return {
    said: `${count} elements fit: say which with ${better}, or write nth: 0${last}`,
    shown: `${candidates.join(', ')}${rest}`
  }
}

/** Steps that need the pointer. */
const pointed: ReadonlySet<string> = new Set(['click', 'dblclick', 'hover', 'check', 'download'])

type Judge = (seen: Seen, failed: Pick<Failed, 'error' | 'kind'>) => Why | undefined

const judges: readonly Judge[] = [
  (_, { error }) => (/to be (hidden|detached)/.test(error.message) ? { said: 'it is still there' } : undefined),
  ({ hidden }) => (hidden === '' ? undefined : { said: `it is there, but not visible (${hidden})` }),
  ({ disabled }) => (disabled ? { said: 'it is disabled' } : undefined),
  (seen, { error, kind }) => (kind === 'select' ? choice(seen, /did not find some options/.test(error.message)) : undefined),
  ({ readOnly }, { kind }) => (readOnly && kind === 'fill' ? { said: 'it is read-only' } : undefined),
  (_, { error }) =>
    /detached from the DOM/.test(error.message) ? { said: 'the page took it away while the step was at work on it' } : undefined,
  ({ cover }, { kind }) =>
    cover !== undefined && pointed.has(kind)
      ? {
          said: `${cover.at} covers it: close that first, in a step of its own`,
          shown: `what covers it says ${JSON.stringify(cover.text)}`
        }
      : undefined,
  ({ outside }, { error }) =>
    outside || /outside of the viewport/.test(error.message) ? { said: 'it is outside of the viewport' } : undefined,
  (_, { error }) => (/not stable/.test(error.message) ? { said: 'it does not stand still' } : undefined)
]

/** `isMissing`: Playwright has looked for the option and not found it. */
function choice({ options, disabledOptions, at }: Seen, isMissing: boolean): Why {
  if (options === undefined) return { said: `it is no drop-down list but ${at}: use click` }
  if (options.length === 0) return { said: 'it has no options that can be chosen yet: wait for them with waitFor before the step' }
  const shut = disabledOptions.length === 0 ? '' : `; ${disabledOptions.length} more can not be chosen`
  const said = isMissing ? `it has no such option, but ${options.length} others` : `it has ${options.length} options that can be chosen`
  return { said: `${said}${shut}`, shown: `the options are ${quoted(options)}` }
}

function stateOf(seen: Seen, failed: Pick<Failed, 'error' | 'kind'>): Why | undefined {
  for (const judge of judges) {
    const why = judge(seen, failed)
    if (why !== undefined) return why
  }
  return undefined
}

interface Missing {
  readonly place: Place
  readonly stage: Stage
}

/** The outermost part that is missing is the one to name. */
async function absent(looks: readonly Look[], missing: Missing): Promise<Why> {
  const [look] = looks
  if (look === undefined) return { said: 'it is not there' }
  if (look.outer !== undefined && (await look.outer.count()) === 0) return { said: 'what within names is not there' }
  if (look.rows !== undefined && (await look.rows.count()) === 0)
    return { said: 'no row has these texts: each has to be the whole text of a cell' }
  const frame = await frameWith(missing)
  if (frame !== undefined) return { said: `it is in a frame${frame}: put the step into frame` }
  const there = await whatElse(look, missing.stage)
  return { said: 'nothing on the page fits', shown: there }
}

async function frameWith({ place, stage }: Missing): Promise<string | undefined> {
  for (const frame of stage.page.frames().slice(0, 20)) {
    if (frame === stage.frame || frame.isDetached()) continue
    const looks = await place.look({ ...stage, frame })
    const counts = await Promise.all(looks.map(({ found }) => found.count().catch(() => 0)))
    const isTop = frame === stage.page.mainFrame()
    if (counts.some(count => count > 0)) return isTop ? ', not in this one but in the page around it' : nameOf(frame.name())
  }
  return undefined
}

const nameOf = (name: string): string => (/^[\w-]{1,40}$/.test(name) ? ` (name: ${name})` : '')

const plural: Readonly<Record<string, string>> = {
  textbox: 'textboxes',
  combobox: 'comboboxes',
  checkbox: 'checkboxes',
  listbox: 'listboxes'
}

/** The elements of the kind that was looked for, likeliest first. */
async function whatElse({ way, role, root, wanted }: Look, stage: Stage): Promise<string> {
  const tell = (kind: string, names: readonly string[]) =>
    names.length === 0 ? `there are no ${kind}` : `the ${kind} are ${quoted(nearest(wanted, names))}`
  if (way === 'role' && role !== undefined) {
    const kind = plural[role] ?? `${role}s`
    return tell(kind, await root.getByRole(role as 'button').evaluateAll(namesOfAll))
  }
  if (way === 'label' || way === 'placeholder')
    return tell('fields', (await stage.frame.evaluate(`(${fieldNames})((${labelEngine})())`)) as readonly string[])
  const names = (selector: string): Promise<readonly string[]> => (root.locator(selector) as Locator).evaluateAll(namesOfAll)
  const [headings, acts] = await Promise.all([names('h1, h2, h3'), names('button, a[href], input[type=submit], input[type=button]')])
  return `${tell('headings', headings)}; ${tell('buttons and links', acts)}`
}

/** Those first that share words with what was looked for, or are spelt nearly like it. */
function nearest(wanted: string, names: readonly string[]): readonly string[] {
  const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const sought = new Set(words(wanted))
  const shared = (name: string) => words(name).filter(word => sought.has(word)).length
  const ranked = names.map(name => ({ name, shared: shared(name), far: wordDistance(wanted, name) }))
  return ranked.sort((a, b) => b.shared - a.shared || a.far - b.far || 0).map(({ name }) => name)
}
