/**
 * The content of a page as HTML to read: elements, attributes, texts, and the present values of its fields. Read through the browser's own
 * protocol, as pictures are, so that no script of the page changes it. It is inert: no script of the page runs where it is opened.
 */
import type { Page } from 'playwright-core'
import { createTextFinder, escapeAttribute, escapeText } from '../../../src/index.ts'
import type { StageCall } from '../plan.ts'
import { type Layout, layoutsOf } from './layout.ts'

const hidden = '***'
const head = `<!doctype html>\n<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n`
const empty = new Set('AREA BASE BR COL EMBED HR IMG INPUT LINK META SOURCE TRACK WBR'.split(' '))
/** Nothing of what stands in them is shown to a person. */
const unread = new Set(['SCRIPT', 'NOSCRIPT', 'TEMPLATE'])
const named = /^[A-Za-z][\w:.-]*$/
/** Code, or what makes the page go elsewhere. */
const active = /^(on|srcdoc$|http-equiv$|ping$)/i

type Masking = Pick<StageCall, 'credentials' | 'sensitive' | 'redact'>

/** Texts that show a credential or a marked value, also one that is cut over several elements, are stars; so are passwords. */
export async function markup(page: Page, call: Masking): Promise<string> {
  const session = await page.context().newCDPSession(page)
  try {
    const layouts = await layoutsOf(session)
    const [main] = layouts
    if (main === undefined) throw new Error('the browser shows no document')
    return head + write({ layouts, call, find: finderOf(call) }, main)
  } finally {
    await session.detach().catch(() => undefined)
  }
}

interface Writing {
  readonly layouts: readonly Layout[]
  readonly call: Masking
  readonly find: ReturnType<typeof createTextFinder>
}

const finderOf = ({ credentials, sensitive }: Masking) =>
  createTextFinder([...Object.values(credentials), ...sensitive], { shortest: 2, spelled: 'usual' })

/** Nodes come in the order of the document, each after its parent. */
function write(writing: Writing, layout: Layout): string {
  const open: number[] = []
  const out: string[] = []
  const texts = textsOf(writing, layout)
  const close = (upTo: number): void => {
    while (open.length > 0 && open.at(-1) !== upTo) out.push(closing(layout, open.pop() ?? -1))
  }
  for (let node = 0; node < layout.size; node++) {
    if (layout.isPseudo(node) || isUnread(layout, node)) continue
    if (!layout.isText(node) && !layout.isElement(node)) continue
    close(layout.parent(node))
    if (layout.isText(node)) out.push(escapeText(texts.get(node) ?? ''))
    else if (opens(writing, { layout, node, out })) open.push(node)
  }
  close(Number.NaN)
  return out.join('')
}

/** True where something may stand in it. */
function opens(writing: Writing, { layout, node, out }: { layout: Layout; node: number; out: string[] }): boolean {
  const name = layout.name(node)
  const tag = named.test(name) ? name.toLowerCase() : 'x-unnamed'
  out.push(`<${tag}${attributesOf(writing, layout, node)}>`)
  if (name === 'TEXTAREA') out.push(escapeText(clean(writing, layout.fieldValue(node))))
  return !empty.has(name)
}

function closing(layout: Layout, node: number): string {
  const name = layout.name(node)
  return layout.isElement(node) ? `</${named.test(name) ? name.toLowerCase() : 'x-unnamed'}>` : ''
}

const isUnread = (layout: Layout, node: number): boolean =>
  layout.along(node, 'unread', {
    none: false,
    own: (each, around) => around || (layout.parent(each) >= 0 && isIn(layout, layout.parent(each)))
  })

/** The content of a text area is written from the field. */
const isIn = (layout: Layout, parent: number): boolean => unread.has(layout.name(parent)) || layout.name(parent) === 'TEXTAREA'

function attributesOf(writing: Writing, layout: Layout, node: number): string {
  const name = layout.name(node)
  const isInput = name === 'INPUT'
  const written = layout.attributes(node).filter(([key]) => named.test(key) && !active.test(key) && !isState(key, name))
  const value = isInput ? [['value', fieldOf(layout, node)] as const] : []
  const chosen = layout.isChosen(node) ? [[isInput ? 'checked' : 'selected', ''] as const] : []
  const inner = writing.layouts[layout.content(node) ?? -1]
  const all = [...written, ...value, ...chosen].map(([key, text]) => ` ${key}="${escapeAttribute(safe(clean(writing, text)))}"`)
  if (inner !== undefined) all.push(` srcdoc="${escapeAttribute(head + write(writing, inner))}"`)
  return all.join('')
}

/** The present state, not that of when the page came. */
const isState = (key: string, name: string): boolean =>
  (name === 'INPUT' && /^(value|checked)$/i.test(key)) || (name === 'OPTION' && /^selected$/i.test(key))

function fieldOf(layout: Layout, node: number): string {
  const value = layout.fieldValue(node) || (layout.attribute(node, 'value') ?? '')
  return layout.attribute(node, 'type')?.toLowerCase() === 'password' && value !== '' ? hidden : value
}

const safe = (text: string): string => text.replace(/^[\s\p{Cc}]*javascript:/iu, 'nothing:')

/** All texts are read as one, as a person reads them. */
function textsOf({ find, call }: Writing, layout: Layout): ReadonlyMap<number, string> {
  const nodes = Array.from({ length: layout.size }, (_, node) => node).filter(node => layout.isText(node) && !isUnread(layout, node))
  const values = nodes.map(node => layout.value(node))
  const ranges = [...find(values.join(''))]
  const texts = new Map<number, string>()
  let [at, next] = [0, 0]
  for (const [index, node] of nodes.entries()) {
    const value = values[index] ?? ''
    const end = at + value.length
    while (next < ranges.length && (ranges[next]?.to ?? 0) <= at) next++
    texts.set(node, call.redact(starred(value, at, ranges.slice(next))))
    at = end
  }
  return texts
}

function starred(value: string, offset: number, ranges: readonly { readonly from: number; readonly to: number }[]): string {
  let [made, at] = ['', 0]
  for (const range of ranges) {
    const [from, to] = [Math.max(0, range.from - offset), Math.min(value.length, range.to - offset)]
    if (from >= value.length) break
    made += value.slice(at, from) + hidden
    at = to
  }
  return made + value.slice(at)
}

/** An attribute, or what stands in a field. */
const clean = ({ find, call }: Writing, text: string): string => call.redact(starred(text, 0, find(text)))
